import { expect } from 'chai';
import { faultOfReply, faultOfSocket, MasterError, type FaultKind } from '../../../lib/master/MasterError';

const SHA = 'caeeee01384f6b04384c56d69c27aa65287fb306';
/** What a script's error looks like when the command itself refused: the error of the command behind, or in front. */
const redis6 = (error: string): string => `ERR Error running script (call to f_${SHA}): @user_script:3: ${error}`;
/** What it looks like when Redis 6 refused before it ran the command. */
const redis6Early = (error: string): string => redis6(`@user_script: 3: ${error}`);
const redis7 = (error: string): string => `${error} script: ${SHA}, on @user_script:3.`;
/** What a script and its line add to it, which says nothing to anybody. */
const NOISE = / script: \w{40}, on @user_script:3\.$|^ERR Error running script .*@user_script: ?3: -?/g;

const OOM = "OOM command not allowed when used memory > 'maxmemory'.";
const READONLY = "READONLY You can't write against a read only replica.";
const MISCONF =
  'MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk. Commands that ' +
  'may modify the data set are disabled, because this instance is configured to report errors during writes if RDB ' +
  'snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.';
const MISCONF_AOF = 'MISCONF Errors writing to the AOF file: No space left on device';
const WRONGTYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';
const NO_COMMAND_IN_SCRIPT = "The user executing the script can't run this command or subcommand";
const NO_KEY_IN_SCRIPT =
  "The user executing the script can't access at least one of the keys mentioned in the command arguments";

/** By kind, what each generation of servers answers. Redis 8 words its errors as 7.2 does. */
const REPLIES: readonly (readonly [FaultKind, servers: string, reply: string])[] = [
  ['loading', 'Redis', 'LOADING Redis is loading the dataset in memory'],
  ['loading', 'Valkey', 'LOADING Valkey is loading the dataset in memory'],
  ['wrong-password', 'Redis 6 and later', 'WRONGPASS invalid username-password pair or user is disabled.'],
  ['wrong-password', 'Redis 5', 'ERR invalid password'],
  ['no-password', 'Redis', 'NOAUTH Authentication required.'],
  [
    'no-password',
    'Redis 6 and later, to HELLO',
    'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option ' +
      'can be used to authenticate the client and select the RESP protocol version at the same time',
  ],
  ['no-permission', 'Redis 6', "NOPERM this user has no permissions to run the 'evalsha' command or its subcommand"],
  [
    'no-permission',
    'Redis 6 and 7.0',
    'NOPERM this user has no permissions to access one of the keys used as arguments',
  ],
  ['no-permission', 'Redis 7.2 and 8', "NOPERM User locker has no permissions to run the 'evalsha' command"],
  ['no-permission', 'Redis 7.2 and 8', 'NOPERM No permissions to access a key'],
  ['no-permission', 'Redis 6, in a script', redis6Early(NO_COMMAND_IN_SCRIPT)],
  ['no-permission', 'Redis 6, in a script', redis6Early(NO_KEY_IN_SCRIPT)],
  ['no-permission', 'Redis 7.0, in a script', redis7(`ERR ${NO_COMMAND_IN_SCRIPT}`)],
  ['no-permission', 'Redis 7.0, in a script', redis7(`ERR ${NO_KEY_IN_SCRIPT}`)],
  [
    'no-permission',
    'Redis 7.2 and 8, in a script',
    redis7("ERR ACL failure in script: User locker has no permissions to run the 'set' command"),
  ],
  [
    'no-permission',
    'Redis 7.2 and 8, in a script',
    redis7('ERR ACL failure in script: No permissions to access a key'),
  ],
  ['read-only', 'Redis', READONLY],
  ['read-only', 'Redis 6, in a script', redis6Early(`-${READONLY}`)],
  ['read-only', 'Redis 7 and 8, in a script', redis7(READONLY)],
  ['not-persisting', 'Redis', MISCONF],
  ['not-persisting', 'Redis', MISCONF_AOF],
  ['not-persisting', 'Redis 6, in a script', redis6Early(`-${MISCONF}`)],
  ['not-persisting', 'Redis 6, in a script', redis6Early(`-${MISCONF_AOF}`)],
  ['not-persisting', 'Redis 7 and 8, in a script', redis7(MISCONF)],
  ['out-of-memory', 'Redis', OOM],
  ['out-of-memory', 'Redis 6, in a script', redis6Early(`-${OOM}`)],
  ['out-of-memory', 'Redis 7 and 8, in a script', redis7(OOM)],
  ['too-many-clients', 'Redis', 'ERR max number of clients reached'],
  ['too-many-clients', 'Redis 7.2 and later, in a cluster', 'ERR max number of clients + cluster connections reached'],
  ['foreign-key', 'Redis', WRONGTYPE],
  ['foreign-key', 'Redis 6, in a script', redis6(WRONGTYPE)],
  ['foreign-key', 'Redis 7 and 8, in a script', redis7(WRONGTYPE)],
  ['unknown-command', 'Redis', "ERR unknown command 'EVALSHA'"],
  ['unexpected', 'Redis', 'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.'],
  ['cluster-shard', 'Redis', 'CLUSTERDOWN Hash slot not served'],
  ['cluster-shard', 'Redis', 'MOVED 3999 127.0.0.1:6381'],
  ['cross-slot', 'Redis', "CROSSSLOT Keys in request don't hash to the same slot"],
  ['too-few-replicas', 'Redis', 'NOREPLICAS Not enough good replicas to write.'],
  ['unexpected', 'a proxy', ''],
  ['unexpected', 'a proxy', 'the upstream OOM is not the first word'],
];

const SOCKETS: readonly (readonly [FaultKind, code: string, message: string])[] = [
  ['unreachable', 'ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:6381'],
  ['unreachable', 'ECONNRESET', 'read ECONNRESET'],
  ['unreachable', 'EPIPE', 'write EPIPE'],
  ['unreachable', 'ETIMEDOUT', 'connect ETIMEDOUT'],
  ['unreachable', 'EHOSTUNREACH', 'connect EHOSTUNREACH 10.0.0.1:6379'],
  ['unreachable', 'ENETUNREACH', 'connect ENETUNREACH 10.0.0.1:6379'],
  ['unreachable', 'ENOTFOUND', 'getaddrinfo ENOTFOUND redis-a'],
  ['unreachable', 'EAI_AGAIN', 'getaddrinfo EAI_AGAIN redis-a'],
  ['unreachable', 'ENOENT', 'connect ENOENT /run/redis.sock'],
  ['unreachable', 'EACCES', 'connect EACCES /run/redis.sock'],
  ['certificate', 'CERT_HAS_EXPIRED', 'certificate has expired'],
  ['certificate', 'CERT_NOT_YET_VALID', 'certificate is not yet valid'],
  ['certificate', 'ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames"],
];

const openSsl = (reason: string): string =>
  `80ECEA0B9E7F0000:error:0A00045C:SSL routines:ssl3_read_bytes:${reason}:../deps/openssl/ssl/record/rec_layer_s3.c:1601:SSL alert number 116\n`;

/** By code, what Node says of TLS, and what somebody who has to mend it is told. */
const TLS: readonly (readonly [code: string, message: string, told: string])[] = [
  ...(
    [
      ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
      ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'],
      ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'],
      ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get local issuer certificate'],
    ] as const
  ).map(([code, message]) => [code, message, `${message}: no authority in tls.ca has signed it`] as const),
  [
    'ERR_SSL_WRONG_VERSION_NUMBER',
    openSsl('wrong version number'),
    'the server answered the TLS handshake without TLS, as a port without TLS does (wrong version number)',
  ],
  [
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    openSsl('tlsv13 alert certificate required'),
    'the server wants a client certificate: tls.cert and tls.key (tlsv13 alert certificate required)',
  ],
  [
    'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
    openSsl('tlsv1 alert unknown ca'),
    'the server does not trust the authority of the client certificate in tls.cert (tlsv1 alert unknown ca)',
  ],
  [
    'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
    openSsl('ssl/tls alert certificate expired'),
    'the server refused the client certificate in tls.cert (ssl/tls alert certificate expired)',
  ],
  [
    'ERR_SSL_UNSUPPORTED_PROTOCOL',
    openSsl('unsupported protocol'),
    'the server has no TLS version in common with this process (unsupported protocol)',
  ],
  [
    'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
    openSsl('ssl/tls alert handshake failure'),
    'the server has no cipher in common with this process (ssl/tls alert handshake failure)',
  ],
  // A write that fails has the lines and not the code.
  ['EPROTO', `write EPROTO ${openSsl('bad record type')}`, 'bad record type'],
];

describe('MasterError', () => {
  for (const [kind, servers, reply] of REPLIES) {
    it(`is ${kind} for what ${servers} answers: ${reply.slice(0, 120)}`, () => {
      const fault = faultOfReply('a:6379', Object.assign(new Error(reply), { name: 'ReplyError' }));
      const message = kind === 'no-password' ? 'NOAUTH Authentication required.' : reply.replace(NOISE, '');

      expect(fault.message).not.to.match(/user_script|[0-9a-f]{40}/);
      expect([fault.kind, fault.message, fault.address]).to.eql([kind, message, 'a:6379']);
    });
  }

  it('does not repeat the arguments that Redis repeats: a password may be among them', () => {
    const reply = "ERR unknown command 'auth', with args beginning with: 's3cret' ";

    expect(faultOfReply('a:6379', new Error(reply)).message).to.equal("ERR unknown command 'auth'");
  });

  for (const [kind, code, message] of SOCKETS) {
    it(`is ${kind} for a socket that ended with ${code} (${message})`, () => {
      const fault = faultOfSocket('a:6379', Object.assign(new Error(message), { code }));

      expect([fault.kind, fault.message, fault.address]).to.eql([kind, message, 'a:6379']);
    });
  }

  for (const [code, message, told] of TLS) {
    it(`is certificate for a socket that ended with ${code}, in a sentence`, () => {
      const fault = faultOfSocket('a:6379', Object.assign(new Error(message), { code }));

      expect([fault.kind, fault.message]).to.eql(['certificate', told]);
    });
  }

  it('tells of TLS that met a port without it, and of a connection in the clear that met TLS', () => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    const timeout = Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' });
    const alert = new Error('Protocol error, got "\\u0015" as reply type byte. Please report this.');
    const [shaking, unanswered] = ['tls-handshake', 'unanswered'] as const;

    expect(faultOfSocket('a', reset, shaking).message).to.include(
      'during the TLS handshake, as a port without TLS does',
    );
    expect(faultOfSocket('a', timeout, shaking).message).to.include('the TLS handshake, as a port without TLS does');
    for (const error of [reset, new Error()]) {
      expect(faultOfSocket('a', error, unanswered)).to.include({
        kind: 'unreachable',
        message: 'the connection was closed before anything was answered, as a TLS port does without tls',
      });
    }
    expect(faultOfSocket('a', alert)).to.include({ kind: 'not-redis' });
    expect(faultOfSocket('a', alert).message).to.include('answers in TLS');
    expect(faultOfSocket('a', timeout).message).to.equal('connect ETIMEDOUT');
  });

  it('is unreachable for a socket that just closed, whatever ioredis says of it', () => {
    for (const message of ['Connection is closed.', "Stream isn't writeable and enableOfflineQueue options is false"]) {
      expect(faultOfSocket('a:6379', new Error(message))).to.include({
        kind: 'unreachable',
        message: 'the connection was closed',
        address: 'a:6379',
      });
    }
  });

  it('says what the first of several addresses failed of, where the error for all of them says nothing', () => {
    const errors = ['::1', '127.0.0.1'].map((host) => new Error(`connect ECONNREFUSED ${host}:6379`));
    const fault = faultOfSocket('localhost:6379', Object.assign(new AggregateError(errors), { code: 'ECONNREFUSED' }));

    expect([fault.kind, fault.message]).to.eql(['unreachable', 'connect ECONNREFUSED ::1:6379']);
  });

  it('is an Error with a name, without which redlock would never settle', () => {
    const fault = new MasterError('a:6379', 'silent', 'no answer');

    expect(fault).to.be.instanceOf(Error);
    expect(fault.name).to.equal('MasterError');
  });
});
