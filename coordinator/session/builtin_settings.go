package session

import (
	"slices"
	"strings"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
	"github.com/muster-sql/muster/connectors/spi/types"
	"github.com/muster-sql/muster/exec/functions"
)

// ServerVersion is the PostgreSQL version that clients are told; drivers choose
// their catalog queries by it.
const ServerVersion = functions.ServerVersion + " (Muster)"

// Names of settings that the session itself reads.
const (
	settingTimeZone     = "TimeZone"
	settingDateStyle    = "DateStyle"
	settingIntervalSty  = "IntervalStyle"
	settingSearchPath   = "search_path"
	settingRole         = "role"
	settingIsolation    = "transaction_isolation"
	settingReadOnly     = "transaction_read_only"
	settingDefReadOnly  = "default_transaction_read_only"
	settingDefIsolation = "default_transaction_isolation"
	settingTimeout      = "statement_timeout"
	settingIdle         = "idle_session_timeout"
	settingIdleTx       = "idle_in_transaction_session_timeout"
	settingSeed         = "seed"
)

func fixed(name, value, doc string) Setting {
	return Setting{Setting: spi.Setting{Name: name, Default: value, Doc: doc}, Fixed: true}
}

func text(name, value, doc string) Setting {
	return Setting{Setting: spi.Setting{Name: name, Default: value, Doc: doc}}
}

func boolean(name, value, doc string) Setting {
	return Setting{Setting: spi.Setting{Name: name, Kind: spi.SettingBool, Default: value, Doc: doc}}
}

func number(name, value string, lo, hi int64, doc string) Setting {
	return Setting{Setting: spi.Setting{Name: name, Kind: spi.SettingInt, Default: value, Doc: doc}, Min: lo, Max: hi}
}

func duration(name, value, doc string) Setting {
	return Setting{Setting: spi.Setting{Name: name, Kind: spi.SettingDuration, Default: value, Doc: doc}, Unit: "ms"}
}

func bytesOf(name, value, unit, doc string) Setting {
	return Setting{Setting: spi.Setting{Name: name, Kind: spi.SettingBytes, Default: value, Doc: doc}, Unit: unit}
}

func oneOf(name, value, doc string, values ...string) Setting {
	return Setting{Setting: spi.Setting{Name: name, Kind: spi.SettingEnum, Default: value, Doc: doc, Enum: values}}
}

func reported(s Setting) Setting { s.Report = true; return s }

func checked(s Setting, check func(string) (string, error)) Setting { s.Check = check; return s }

// builtin lists what PostgreSQL's clients set and read, and our own settings.
func builtin() []Setting {
	return slices.Concat(formatSettings(), transactionSettings(), toleratedSettings(), engineSettings(), fixedSettings())
}

// isolationLevels are accepted; each statement reads one snapshot.
var isolationLevels = []string{"serializable", "repeatable read", "read committed", "read uncommitted"}

func formatSettings() []Setting {
	return []Setting{
		reported(text("application_name", "", "Sets the application name to be reported in statistics and logs.")),
		checked(reported(text("client_encoding", "UTF8", "Sets the client's character set encoding.")), checkEncoding),
		checked(reported(text(settingDateStyle, "ISO, MDY", "Sets the display format for date and time values.")), checkDateStyle),
		reported(oneOf(settingIntervalSty, "postgres", "Sets the display format for interval values.",
			"postgres", "postgres_verbose", "sql_standard", "iso_8601")),
		checked(reported(text(settingTimeZone, "UTC", "Sets the time zone for displaying and interpreting time stamps.")), zoneSetting),
		number("extra_float_digits", "1", -15, 3, "Sets the number of digits displayed for floating-point values."),
		oneOf("bytea_output", "hex", "Sets the output format for bytea.", "hex", "escape"),
		checked(text(settingSearchPath, `"$user", public`, "Sets the schema search order for names that are not schema-qualified."), checkPath),
	}
}

func transactionSettings() []Setting {
	return []Setting{
		oneOf(settingIsolation, "read committed", "Sets the current transaction's isolation level.", isolationLevels...),
		oneOf(settingDefIsolation, "read committed", "Sets the transaction isolation level of each new transaction.", isolationLevels...),
		boolean(settingReadOnly, "off", "Sets the current transaction's read-only status."),
		reported(boolean(settingDefReadOnly, "off", "Sets the default read-only status of new transactions.")),
		boolean("transaction_deferrable", "off", "Accepted; snapshots never wait."),
		boolean("default_transaction_deferrable", "off", "Accepted; snapshots never wait."),
		duration(settingTimeout, "0", "Sets the maximum allowed duration of any statement."),
		duration("lock_timeout", "0", "Accepted; there are no locks to wait for."),
		duration(settingIdle, "0", "Sets the maximum allowed idle time between queries, when not in a transaction."),
		duration(settingIdleTx, "0", "Sets the maximum allowed idle time between queries, when in a transaction."),
		reported(text("session_authorization", "", "Shows the session's user name.")),
		text(settingRole, "none", "Sets the current role."),
	}
}

// toleratedSettings are set by clients and change nothing here.
func toleratedSettings() []Setting {
	return []Setting{
		oneOf("client_min_messages", "notice", "Sets the message levels that are sent to the client.",
			"debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"),
		checked(reported(boolean("standard_conforming_strings", "on", "Causes '...' strings to treat backslashes literally.")),
			mustBe("standard_conforming_strings", "on")),
		boolean("synchronous_commit", "on", "Accepted; commits are always awaited."),
		boolean("row_security", "on", "Accepted; row filters are always applied."),
		boolean("escape_string_warning", "on", "Accepted; there is no such warning."),
		boolean("check_function_bodies", "on", "Accepted."),
		boolean("jit", "off", "Accepted; nothing is compiled."),
		boolean("geqo", "on", "Accepted."),
		bytesOf("work_mem", "4MB", "kB", "Accepted; memory is shared by revocation, see query_memory_max."),
		bytesOf("temp_buffers", "8MB", "kB", "Accepted."),
		bytesOf("maintenance_work_mem", "64MB", "kB", "Accepted."),
		text("lc_messages", "C", "Accepted; messages are English."),
		text("lc_monetary", "C", "Accepted."),
		text("lc_numeric", "C", "Accepted."),
		text("lc_time", "C", "Accepted."),
		text("default_text_search_config", "pg_catalog.simple", "Accepted."),
		text("default_tablespace", "", "Accepted."),
		text("default_table_access_method", "heap", "Accepted."),
		oneOf("xmloption", "content", "Accepted.", "content", "document"),
		oneOf("backslash_quote", "safe_encoding", "Accepted.", "safe_encoding", "on", "off"),
		oneOf("plan_cache_mode", "auto", "Accepted; statements are optimised at each execution.", "auto", "force_generic_plan", "force_custom_plan"),
		boolean("transform_null_equals", "off", "Accepted; it is never done."),
		boolean("array_nulls", "on", "Accepted."),
		boolean("quote_all_identifiers", "off", "Accepted."),
		oneOf("session_replication_role", "origin", "Accepted.", "origin", "replica", "local"),
		number("max_parallel_workers_per_gather", "2", 0, 1024, "Accepted; see task_drivers."),
		number("statistics_target", "100", 0, 10000, "Accepted."),
	}
}

// engineSettings change how queries run.
func engineSettings() []Setting {
	return []Setting{
		number("task_drivers", "0", 0, 64, "How many drivers run each pipeline on a node; 0: one a processor."),
		bytesOf("query_memory_max", "", "", "How much memory a query may use on a node; empty: what the node allows."),
		bytesOf("broadcast_max", "", "", "The largest build side of a join that is sent to every node."),
		bytesOf("result_hold", "", "", "How many bytes of a result are held back so that a lost worker can be replaced."),
		boolean("spill", "on", "Whether operators may write to disk when memory is short."),
		boolean("spill_force", "off", "Whether operators write to disk although there is memory. For tests."),
		oneOf("transaction_writes", "refuse",
			"What a statement that writes does inside BEGIN … COMMIT, where it could not be rolled back: refuse, or commit on its own.",
			"refuse", "autocommit"),
		text(settingSeed, "", "The seed of random() and of sampling; empty: another one for each query."),
		number("page_rows_max", "0", 0, 65536, "Rows of the pages that scans make; 0: the engine's choice. For tests."),
	}
}

// fixedSettings can be read only.
func fixedSettings() []Setting {
	return []Setting{
		reported(fixed("server_version", ServerVersion, "Shows the server version.")),
		fixed("server_version_num", "150000", "Shows the server version as an integer."),
		reported(fixed("server_encoding", "UTF8", "Shows the server's character set encoding.")),
		reported(fixed("integer_datetimes", "on", "Shows whether datetimes are integer based.")),
		reported(fixed("is_superuser", "off", "Shows whether the current user is a superuser.")),
		reported(fixed("in_hot_standby", "off", "Shows whether hot standby is currently active.")),
		fixed("max_identifier_length", "63", "Shows the maximum identifier length."),
		fixed("max_index_keys", "32", "Shows the maximum number of index keys."),
		fixed("max_function_args", "100", "Shows the maximum number of function arguments."),
		fixed("block_size", "8192", "Shows the size of a disk block."),
		fixed("lc_collate", "C", "Shows the collation order locale."),
		fixed("lc_ctype", "C", "Shows the character classification and case conversion locale."),
		fixed("ssl", "off", "Shows whether this connection is encrypted."),
		fixed("wal_level", "replica", "Shows what PostgreSQL would log."),
		fixed("max_connections", "1000", "Shows the maximum number of connections."),
		fixed("data_checksums", "off", "Shows nothing here."),
		fixed("shared_buffers", "0", "Shows nothing here."),
		fixed("config_file", "", "Shows nothing here."),
		fixed("data_directory", "", "Shows nothing here."),
		fixed("port", "0", "Shows the port of the server."),
	}
}

func mustBe(name, only string) func(string) (string, error) {
	s := &Setting{Setting: spi.Setting{Name: name, Kind: spi.SettingBool}}
	return func(v string) (string, error) {
		got, err := s.validate(v)
		if err == nil && got != only {
			return "", sqlerr.Unsupported("parameter \"%s\" can only be %s", name, only)
		}
		return got, err
	}
}

func checkEncoding(v string) (string, error) {
	switch strings.ToUpper(strings.NewReplacer("-", "", "_", "").Replace(strings.Trim(v, " '\""))) {
	case "UTF8", "UNICODE", "SQLASCII":
		return "UTF8", nil
	}
	return "", sqlerr.Unsupported("conversion between %s and UTF8 is not supported", v).WithHint("Use client_encoding UTF8.")
}

func checkPath(v string) (string, error) {
	names, ok := splitNames(v)
	if !ok {
		return "", sqlerr.New(sqlerr.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", settingSearchPath, v).
			WithDetail("List syntax is invalid.")
	}
	return quoteNames(names), nil
}

// checkDateStyle completes a partial value.
func checkDateStyle(v string) (string, error) {
	f, err := parseDateStyle(types.Format{}, v)
	return dateStyleText(f), err
}
