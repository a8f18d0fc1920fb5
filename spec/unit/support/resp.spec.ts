import { expect } from 'chai';
import { encodeCommand, parseReply, ReplyError } from '../../support/resp';

describe('resp', () => {
  it('encodes a command with the length in bytes of each argument', () => {
    expect(encodeCommand(['SET', 'ключ', 1]).toString()).to.equal('*3\r\n$3\r\nSET\r\n$8\r\nключ\r\n$1\r\n1\r\n');
  });

  for (const [name, text, value] of [
    ['a status', '+OK\r\n', 'OK'],
    ['a number', ':-12\r\n', -12],
    ['a string', '$6\r\na\r\nb€\r\n'.replace('$6', '$7'), 'a\r\nb€'],
    ['an empty string', '$0\r\n\r\n', ''],
    ['no string', '$-1\r\n', null],
    ['no array', '*-1\r\n', null],
    ['an array in an array', '*2\r\n*1\r\n:1\r\n$1\r\nx\r\n', [[1], 'x']],
  ] as const) {
    it(`reads ${name} when all of it is there, and not before`, () => {
      const bytes = Buffer.from(text);
      expect(parseReply(bytes)).to.eql({ value, end: bytes.length });
      for (let length = 0; length < bytes.length; length++) {
        expect(parseReply(bytes.subarray(0, length)), `${length} bytes`).to.equal(null);
      }
    });
  }

  it('reads one reply after another', () => {
    const bytes = Buffer.from('+one\r\n+two\r\n');
    expect(parseReply(bytes, parseReply(bytes)?.end)).to.eql({ value: 'two', end: bytes.length });
  });

  it('reads an error as a value', () => {
    const value = parseReply(Buffer.from('-ERR no\r\n'))?.value;
    expect(value).to.be.instanceOf(ReplyError);
    expect(value).to.have.property('message', 'ERR no');
  });

  it('refuses what is no RESP2', () => {
    expect(() => parseReply(Buffer.from('HTTP/1.1 400\r\n'))).to.throw('not a RESP2 reply: "HTTP/1.1 400"');
  });
});
