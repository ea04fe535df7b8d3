package securid

import "portaria/terminal/dialect"

// unserved are the documented commands (identity-apis §1.5) that are not
// served, under the reason.
var unserved = []struct {
	reason   string
	commands []string
}{
	{"the terminal knows no entitlements", []string{"checkAccess", "findAccounts", "findApplications", "findUserGroups"}},
	{"the terminal knows no business units", []string{"findBusinessUnits"}},
	{"the terminal has no change requests", []string{"findChangeRequests"}},
	{"the terminal has no administration console", []string{"createAdminError", "getHelpLink"}},
	{"the terminal has no metadata, descriptions or workflows", []string{"importDescriptions", "importMetadata", "importWorkflow"}},
	{"the terminal has no password vault", []string{"notifyVaultPasswordChange"}},
}

// Declined implements dialect.Dialect. The commands share one path, so each is
// listed with its query; they are answered as commands that do not exist.
func (a *API) Declined() []dialect.Declined {
	var declined []dialect.Declined
	for _, group := range unserved {
		for _, command := range group.commands {
			declined = append(declined, dialect.Declined{Path: Path + "?cmd=" + command, Reason: group.reason})
		}
	}
	return declined
}

// declinedFor is why a documented command is not served, empty when it is none.
func declinedFor(name string) string {
	for _, group := range unserved {
		for _, command := range group.commands {
			if command == name {
				return group.reason
			}
		}
	}
	return ""
}
