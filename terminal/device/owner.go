package device

// Owned is nil, or ErrFactoryPassword while the device insists on a password of
// its owner's and still has the factory's, whatever the login. A simulator's data
// may have an empty one: that is nobody's either.
func (d *Device) Owned() error {
	if !d.insists || !d.account.hasCommonPassword() {
		return nil
	}
	d.unowned.Do(func() {
		d.log.Warn("the factory password is in force: nothing but login and change_login is served",
			"do", "log in and change it with change_login.fcgi")
	})
	return ErrFactoryPassword
}

// checkNewPassword refuses what is no owner's password where the device insists
// on one: ErrPassword.
func (d *Device) checkNewPassword(password string) error {
	if d.insists && (isCommon(password) || d.account.has(password)) {
		return ErrPassword
	}
	return nil
}

// has tells whether password is the account's.
func (a *account) has(password string) bool {
	a.mu.Lock()
	stored := a.stored
	a.mu.Unlock()
	return a.matches(password, stored) == 1
}

// isCommon tells whether everybody knows the password: the factory's, or none.
func isCommon(password string) bool { return password == FactoryPassword || password == "" }

// hasCommonPassword tells whether everybody knows the account's password. After
// the first login that is known; who asks before pays for the slow hash.
func (a *account) hasCommonPassword() bool {
	a.mu.Lock()
	common, stored := a.common, a.stored
	a.mu.Unlock()
	if common != nil {
		return *common
	}
	found := a.matches(FactoryPassword, stored) == 1 || a.matches("", stored) == 1
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.common == nil {
		a.common = &found
	}
	return *a.common
}
