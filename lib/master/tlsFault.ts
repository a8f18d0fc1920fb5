/** How far a socket had come when it ended: its TLS was not agreed on yet, or nothing had been answered in the clear. */
export type SocketPhase = 'tls-handshake' | 'unanswered';

const PLAIN_PORT = 'as a port without TLS does';

/** What a socket that ended in a phase is said to have died of. A TLS port met in the clear only resets the connection. */
export const ENDED_IN: Readonly<Record<SocketPhase, string>> = {
  'tls-handshake': `the connection was closed during the TLS handshake, ${PLAIN_PORT}`,
  unanswered: 'the connection was closed before anything was answered, as a TLS port does without tls',
};

/** The same where the time ran out: a plain server takes the first bytes of TLS for a command that goes on. */
export const SILENT_IN_HANDSHAKE = `the port took the connection and did not answer the TLS handshake, ${PLAIN_PORT}`;

/** Whether a server answered in TLS where it was spoken to in the clear: an alert of TLS begins with this byte. */
export function isTlsAnswer(error: Error): boolean {
  return error.message.includes('got "\\u0015"');
}

export const TLS_ANSWER = 'answers in TLS, and was spoken to in the clear: tls is missing';

/** OpenSSL's reasons, and what they mean for somebody who has to mend it. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/certificate required|did not return a certificate/, 'the server wants a client certificate: tls.cert and tls.key'],
  [/alert unknown ca/, 'the server does not trust the authority of the client certificate in tls.cert'],
  [/alert (?:bad |unsupported )?certificate/, 'the server refused the client certificate in tls.cert'],
  [
    /wrong version number|packet length too long|http request/,
    `the server answered the TLS handshake without TLS, ${PLAIN_PORT}`,
  ],
  [
    /unsupported protocol|protocol version|no protocols available/,
    'the server has no TLS version in common with this process',
  ],
  [/handshake failure|no shared cipher/, 'the server has no cipher in common with this process'],
];

/** The codes of a certificate that nobody whom this process trusts has signed. */
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_/;

/** Whether OpenSSL wrote the message: numbers, functions and source files, in several lines. */
export function isOpenSsl(error: Error): boolean {
  return /:error:[0-9A-F]+:/i.test(error.message);
}

/** @returns what TLS could not be agreed on for, in one line. */
export function describeTlsError(error: Error): string {
  const { code = '', reason } = error as { readonly code?: string; readonly reason?: string };
  if (UNTRUSTED.test(code)) return `${error.message}: no authority in tls.ca has signed it`;
  // What Node itself finds out has a reason too, and there the message is the better sentence.
  if (!isOpenSsl(error)) return error.message;
  const quoted = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:\n]+)/i.exec(error.message)?.[1];
  const given = reason ?? quoted ?? error.message;
  const sentence = REASONS.find(([pattern]) => pattern.test(given))?.[1];
  return sentence === undefined ? given : `${sentence} (${given})`;
}
