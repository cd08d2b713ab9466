package postgres

import (
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/muster-sql/muster/connectors/spi"
	"github.com/muster-sql/muster/connectors/spi/sqlerr"
)

// The options of a catalog.
const (
	optionHost        = "host"
	optionPort        = "port"
	optionDatabase    = "database"
	optionUser        = "user"
	optionPassword    = "password"
	optionTLS         = "sslmode"
	optionRootCert    = "sslrootcert"
	optionCert        = "sslcert"
	optionKey         = "sslkey"
	optionAuth        = "require_auth"
	optionConnections = "connections"
	optionConnect     = "connect_timeout"
	optionWait        = "connection_wait"
	optionStatement   = "statement_timeout"
	optionLock        = "lock_timeout"
	optionSilence     = "silence_timeout"
	optionMinSplit    = "min_split"
	optionSplitBytes  = "split_bytes"
	optionRowBytes    = "row_bytes_max"
	optionWrite       = "write"
)

var options = []spi.Setting{
	{Name: optionHost, Kind: spi.SettingString, Default: "localhost", Doc: "Host name, address or folder of the socket; several, separated by commas, are tried in order."},
	{Name: optionPort, Kind: spi.SettingString, Default: "5432", Doc: "Port, or one for each host."},
	{Name: optionDatabase, Kind: spi.SettingString, Doc: "Database; the user's name by default."},
	{Name: optionUser, Kind: spi.SettingString, Default: "postgres", Doc: "User to log in as."},
	{Name: optionPassword, Kind: spi.SettingString, Secret: true, Doc: "Password, best given as ${ENV:NAME} or ${FILE:/path}."},
	{Name: optionTLS, Kind: spi.SettingEnum, Default: "prefer", Enum: []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"},
		Doc: "TLS as libpq has it: verify-full checks the certificate and the name of the server."},
	{Name: optionRootCert, Kind: spi.SettingString, Doc: "File of the certificate authorities that sign the server's certificate."},
	{Name: optionCert, Kind: spi.SettingString, Doc: "File of the client certificate."},
	{Name: optionKey, Kind: spi.SettingString, Secret: true, Doc: "File of the key of the client certificate."},
	{Name: optionAuth, Kind: spi.SettingString,
		Doc: "Ways to log in that are accepted, as libpq has them. By default the password is never sent as it is, unless sslmode is verify-full."},
	{Name: optionConnections, Kind: spi.SettingInt, Default: "8", Doc: "Most connections of a node that read; as many more may hold snapshots."},
	{Name: optionConnect, Kind: spi.SettingDuration, Default: "10s", Doc: "Time to connect and log in."},
	{Name: optionWait, Kind: spi.SettingDuration, Default: "60s", Doc: "Time to wait for one of the connections to become free."},
	{Name: optionStatement, Kind: spi.SettingDuration, Default: "0", Doc: "Time that one remote statement may take, reading its rows included; 0 is no limit."},
	{Name: optionLock, Kind: spi.SettingDuration, Default: "0", Doc: "Time that a remote statement may wait for a lock; 0 is no limit."},
	{Name: optionSilence, Kind: spi.SettingDuration, Default: "15s",
		Doc: "When a statement has sent nothing for this long, the server is asked whether it is there; the statement fails when it is not."},
	{Name: optionMinSplit, Kind: spi.SettingInt, Default: "1", Doc: "Splits that a table which can be cut is read in at least."},
	{Name: optionSplitBytes, Kind: spi.SettingBytes, Default: "32MiB", Doc: "Size of the part of a table that one split reads."},
	{Name: optionRowBytes, Kind: spi.SettingBytes, Default: "256MiB", Doc: "Largest row that is accepted."},
	{Name: optionWrite, Kind: spi.SettingBool, Default: "true", Doc: "Whether tables can be created, written and dropped."},
}

// config is the validated options.
type config struct {
	wire        *pgconn.Config
	connections int
	connect     time.Duration
	wait        time.Duration
	statement   time.Duration
	lock        time.Duration
	silence     time.Duration
	minSplit    int64
	splitBytes  int64
	write       bool
}

// place names the database in messages; it holds no secret.
func (c *config) place() string {
	return net.JoinHostPort(c.wire.Host, strconv.Itoa(int(c.wire.Port))) + "/" + c.wire.Database
}

func parseConfig(c spi.Config) (*config, error) {
	if raw, ok := c["url"]; ok { // of a factory that did not use parseURL
		more, err := parseURL(raw)
		if err != nil {
			return nil, err
		}
		for k, v := range c {
			if k != "url" {
				more[k] = v
			}
		}
		c = more
	}
	get := func(name string) string {
		if v, ok := c[name]; ok && v != "" {
			return v
		}
		i := slices.IndexFunc(options, func(s spi.Setting) bool { return s.Name == name })
		return options[i].Default
	}
	out := &config{write: get(optionWrite) != "false"}
	var err error
	ints := map[string]*int64{optionMinSplit: &out.minSplit}
	connections := int64(0)
	ints[optionConnections] = &connections
	for name, to := range ints {
		if *to, err = strconv.ParseInt(get(name), 10, 32); err != nil || *to < 1 {
			return nil, badOption(name, "a whole number of 1 or more")
		}
	}
	out.connections = int(connections)
	for name, to := range map[string]*time.Duration{
		optionConnect: &out.connect, optionWait: &out.wait, optionStatement: &out.statement, optionLock: &out.lock, optionSilence: &out.silence,
	} {
		if *to, err = parseDuration(get(name)); err != nil || *to < 0 {
			return nil, badOption(name, "a time as 10s or 5m")
		}
	}
	if out.splitBytes, err = spi.ParseBytes(get(optionSplitBytes)); err != nil || out.splitBytes < 1<<13 {
		return nil, badOption(optionSplitBytes, "a size of 8KiB or more")
	}
	rowBytes, err := spi.ParseBytes(get(optionRowBytes))
	if err != nil || rowBytes < 1<<13 || rowBytes > 1<<30 {
		return nil, badOption(optionRowBytes, "a size from 8KiB to 1GiB")
	}
	if out.wire, err = wireConfig(get, c); err != nil {
		return nil, err
	}
	out.wire.MaxProtocolMessageBodyLen = int(rowBytes)
	out.wire.ConnectTimeout = out.connect
	return out, nil
}

func badOption(name, want string) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "option of the catalog is not %s: %s", want, name)
}

// parseDuration reads a Go duration; a bare number is seconds, as libpq has it.
func parseDuration(s string) (time.Duration, error) {
	if n, err := strconv.ParseInt(s, 10, 32); err == nil {
		return time.Duration(n) * time.Second, nil
	}
	return time.ParseDuration(s)
}

// wireConfig makes the configuration of the protocol. Every setting that has a
// meaning is named, so that no environment variable and no file of the
// process's user decides where it connects to or as whom.
func wireConfig(get func(string) string, c spi.Config) (*pgconn.Config, error) {
	database := get(optionDatabase)
	if database == "" {
		database = get(optionUser)
	}
	auth := get(optionAuth)
	if auth == "" && get(optionTLS) != "verify-full" {
		auth = "!password"
	}
	settings := map[string]string{
		"host": get(optionHost), "port": get(optionPort), "database": database, "user": get(optionUser), "password": c[optionPassword],
		"passfile": os.DevNull, "sslmode": get(optionTLS), "sslrootcert": get(optionRootCert), "sslcert": get(optionCert), "sslkey": get(optionKey),
		"require_auth": auth, "target_session_attrs": "any", "channel_binding": "prefer",
		"min_protocol_version": "3.0", "max_protocol_version": "3.0",
	}
	var b strings.Builder
	for name, v := range settings {
		if strings.ContainsRune(v, 0) {
			return nil, badOption(name, "text without zero bytes")
		}
		b.WriteString(name + "='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v) + "' ")
	}
	conf, err := pgconn.ParseConfig(b.String())
	if err != nil {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "options of the catalog do not fit together: %s", redact(reason(err), c[optionPassword])).
			WithHint("see host, port, sslmode, sslrootcert, sslcert, sslkey and require_auth")
	}
	conf.Password = c[optionPassword]
	conf.RuntimeParams = map[string]string{"application_name": "muster", "client_encoding": "UTF8"}
	return conf, nil
}

// reason is the innermost message of an error, which holds no connection string.
func reason(err error) string {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok || inner.Unwrap() == nil {
			break
		}
		err = inner.Unwrap()
	}
	s := err.Error()
	if strings.HasPrefix(s, "cannot parse") { // it quotes the connection string
		if i := strings.LastIndex(s, "`: "); i >= 0 {
			return s[i+3:]
		}
		return "a value is malformed"
	}
	return s
}

func redact(s, secret string) string {
	if secret == "" {
		return s
	}
	return strings.ReplaceAll(s, secret, "***")
}

// parseURL takes postgres://user:password@host:port/database?option=value.
// References to secrets may stand anywhere.
func parseURL(raw string) (spi.Config, error) {
	plain, refs := hideReferences(raw)
	plain, places := hideHosts(plain)
	u, err := url.Parse(plain)
	if err != nil {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "URL of a PostgreSQL catalog is malformed").
			WithHint("write it as postgres://user:password@host:port/database, special characters of the password as %%XX")
	}
	c := spi.Config{}
	set := func(name, v string) {
		if v != "" {
			c[name] = showReferences(v, refs)
		}
	}
	if u.User != nil {
		set(optionUser, u.User.Username())
		p, _ := u.User.Password()
		set(optionPassword, p)
	}
	hosts, ports := []string{}, []string{}
	for _, h := range strings.Split(places, ",") {
		host, port := h, ""
		if i := strings.LastIndexByte(h, ':'); i >= 0 && !strings.HasSuffix(h, "]") {
			host, port = h[:i], h[i+1:]
		}
		if at, err := url.PathUnescape(host); err == nil {
			host = at // a folder of a socket is written %2Frun%2Fpostgresql
		}
		hosts, ports = append(hosts, strings.Trim(host, "[]")), append(ports, port)
	}
	if strings.Join(hosts, "") != "" {
		set(optionHost, strings.Join(hosts, ","))
	}
	if strings.Join(ports, "") != "" {
		set(optionPort, strings.Join(ports, ","))
	}
	set(optionDatabase, strings.TrimPrefix(u.Path, "/"))
	for name, values := range u.Query() {
		if name == "dbname" {
			name = optionDatabase
		}
		set(name, values[len(values)-1])
	}
	return c, nil
}

// hideHosts takes the hosts out of a URL: a list of them is none that net/url reads.
func hideHosts(s string) (rest, hosts string) {
	i := strings.Index(s, "://")
	if i < 0 {
		return s, ""
	}
	begin, end := i+3, len(s)
	if j := strings.IndexAny(s[begin:], "/?#"); j >= 0 {
		end = begin + j
	}
	if j := strings.LastIndexByte(s[begin:end], '@'); j >= 0 {
		begin += j + 1
	}
	return s[:begin] + "host" + s[end:], s[begin:end]
}

// hideReferences replaces ${…}, which a URL cannot hold, by words that it can.
func hideReferences(s string) (string, []string) {
	var refs []string
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			return s, refs
		}
		j := strings.IndexByte(s[i:], '}')
		if j < 0 {
			return s, refs
		}
		word := referenceWord(len(refs))
		refs = append(refs, s[i:i+j+1])
		s = s[:i] + word + s[i+j+1:]
	}
}

func referenceWord(i int) string { return "mUsTeRrEfErEnCe" + strconv.Itoa(i) + "x" }

func showReferences(s string, refs []string) string {
	for i, r := range refs {
		s = strings.ReplaceAll(s, referenceWord(i), r)
	}
	return s
}
