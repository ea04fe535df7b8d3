package device

// Owned is nil, or ErrFactoryPassword while the device insists on a password of
// its owner's and still has the factory's, whatever the login.
func (d *Device) Owned() error {
	if !d.insists || !d.account.hasFactoryPassword() {
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
	if d.insists && (password == "" || password == FactoryPassword || d.account.has(password)) {
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

// hasFactoryPassword tells whether the account's password is the factory's.
// After the first login that is known; who asks before pays for the slow hash.
func (a *account) hasFactoryPassword() bool {
	a.mu.Lock()
	factory, stored := a.factory, a.stored
	a.mu.Unlock()
	if factory != nil {
		return *factory
	}
	found := a.matches(FactoryPassword, stored) == 1
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.factory == nil {
		a.factory = &found
	}
	return *a.factory
}
