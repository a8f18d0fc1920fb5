/** The package as an application sees it: three programs that only know its name. */

const NAME = 'pip-services4-redlock-node';

/** Classes and values that an application imports by name. */
const VALUES = ['RedisLock', 'ConfigParams', 'Lock', 'DefaultRedlockFactory', 'ErrorCode', 'Descriptor', 'References'];

const USE = `
const lock = new RedisLock();
lock.configure(ConfigParams.fromTuples('host', 'localhost', 'port', 6379));
lock.setReferences(new References());
const factory = new DefaultRedlockFactory();
const made = factory.create(new Descriptor('pip-services', 'lock', 'redlock', 'default', '1.0'));
`;

const PRESENT = `
const assert = (truth, message) => { if (!truth) throw new Error(message); };
for (const [name, value] of Object.entries({ ${VALUES.join(', ')} })) {
  assert(value !== undefined, name + ' is not exported');
}
`;

const BEHAVES = `
assert(lock.isOpen() === false, 'a lock that was never opened says that it is open');
assert(lock instanceof Lock, 'RedisLock is no Lock');
assert(made instanceof RedisLock, 'the factory makes no RedisLock');
`;

export const COMMONJS = `
'use strict';
const { ${VALUES.join(', ')} } = require('${NAME}');
${PRESENT}${USE}${BEHAVES}`;

/** Node finds the named exports of a CommonJS file by reading it, not by running it, so it can miss some. */
export const ESM = `
import { createRequire } from 'node:module';
import { ${VALUES.join(', ')} } from '${NAME}';
import * as named from '${NAME}';
${PRESENT}${USE}${BEHAVES}
const required = createRequire(import.meta.url)('${NAME}');
assert(required.RedisLock === RedisLock, 'import and require load the package twice');
const missed = Object.keys(required).filter((name) => named[name] !== required[name]);
assert(missed.length === 0, 'not importable by name: ' + missed.join(', '));
`;

/** The expected error shows that the types are there: on \`any\` nothing would be wrong with it. */
export const TYPESCRIPT = `
import { ${VALUES.join(', ')}, type ILock } from '${NAME}';
${USE}
const open: boolean = lock.isOpen();
const plain: ILock = lock;
const base: Lock = lock;
// @ts-expect-error isOpen answers with a boolean
const text: string = lock.isOpen();
export const all: readonly unknown[] = [open, plain, base, text, made, ErrorCode];
`;
