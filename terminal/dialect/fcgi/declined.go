package fcgi

import "portaria/terminal/dialect"

// unserved are the documented commands (access-api §19.1) that this version
// does not serve, under the reason.
var unserved = []struct {
	reason   string
	commands []string
}{
	{"the configuration tree is not there yet", []string{
		"get_configuration", "set_configuration",
	}},
	{"doors, alarm and screen are not there yet", []string{
		"alarm_status", "buzzer_buzz", "door_state", "doors_state", "execute_actions", "get_catra_info",
		"gpio_state", "led_rgb_refresh", "message_to_screen", "remote_led_control", "remote_user_authorization",
		"reread_leds_settings",
	}},
	{"the readers and enrolment are not there yet", []string{
		"cancel_remote_enroll", "enroller_state", "is_valid_biometry", "remote_enroll", "template_create",
		"template_extract", "template_match",
	}},
	{"the system commands are not there yet", []string{
		"accept_legal_terms", "change_idcloud_code", "configure_802_1X", "connection_test", "delete_admins",
		"export_afd", "export_audit_logs", "finalize_sip_call", "finish_init_language", "get_802_1X_status",
		"get_ac_log", "get_audio_access_message", "get_countries", "get_language", "get_ntp_server",
		"get_ntp_server_status", "get_osdp_installation_mode", "get_pjsip_audio_message", "get_sip_status",
		"get_vpn_file", "get_vpn_information", "get_vpn_status", "has_audio_access_messages",
		"has_pjsip_audio_message", "has_vpn_file", "idflex_upgrade_enterprise", "init_device_set",
		"is_first_web_login", "logo", "logo_change", "logo_destroy", "make_sip_call", "master_password",
		"nslookup_test", "ping_test", "reboot", "reboot_recovery", "remove_custom_video", "report_generate",
		"reset_to_factory_default", "save_screenshot", "send_video", "set_audio_access_message",
		"set_custom_video", "set_network_interlock", "set_ntp_server", "set_osdp_installation_mode",
		"set_pjsip_audio_message", "set_system_network", "set_system_time", "set_vpn_file", "set_vpn_information",
		"ssl_certificate_change", "system_information", "tests", "update_from_custom_server",
		"upgrade_fifty_thousand_face_templates", "upgrade_hundred_thousand_face_templates",
		"upgrade_ten_thousand_face_templates", "upgrade_ten_thousand_templates",
	}},
}

// Declined lists what is documented and not served. It is answered as the
// device answers a command it does not know.
func (a *API) Declined() []dialect.Declined {
	var declined []dialect.Declined
	for _, group := range unserved {
		for _, command := range group.commands {
			declined = append(declined, dialect.Declined{Path: "/" + command + extension, Reason: group.reason})
		}
	}
	return declined
}
