import { expect } from 'chai';
import { parse } from 'yaml';
import { ConfigParams, DefaultRedlockFactory, Descriptor, References } from '../../../lib';
import { parseConfig } from '../../../lib/config/LockConfig';
import { MARKER } from '../../../lib/master/marker';
import { addressesOf, UNHURRIED, useLocks } from '../lock/locks';
import type { Master } from '../../support/Master';
import { SentinelServer } from '../../support/SentinelServer';
import { startMasters } from '../../support/masters';
import { Programs } from './programs';
import { README, blocksOf, type Block } from './readme';

/** Blocks that stay as they are, by their first line, and why. */
const NOT_RUN: ReadonlyMap<string, string> = new Map([
  ['npm install pip-services4-redlock-node', 'check:package installs the tarball'],
  [
    "for port in 6381 6382 6383; do redis-server --port $port --save '' --daemonize yes; done",
    'the masters of this run are its own',
  ],
  ['npm ci && npm run demo', 'the demo has specs of its own'],
  ['npm ci && npm test', 'this very run'],
  ['npm ci && npm pack', 'check:package packs the tarball'],
  [
    'esbuild app.js --bundle --platform=node --format=esm --outfile=app.mjs \\',
    'check:package bundles with this banner, and runs the bundle',
  ],
  ['const discovery = new MemoryDiscovery();', 'needs packages of Pip.Services that this one does not depend on'],
  ['container.run(process.argv);', 'likewise'],
  ['ALTER TABLE reports ADD COLUMN fence BIGINT NOT NULL DEFAULT 0;', 'the block behind it does the same'],
]);

const blocks = blocksOf(README);
const firstLineOf = ({ text }: Block): string => text.split('\n')[0] ?? '';
const isIn = (language: string) => (block: Block) => block.language === language;

/** What stands behind a `console.log(...);` as a comment is what it prints. */
function promisedBy({ text }: Block): readonly string[] {
  return [...text.matchAll(/console\.log\(.*\);? \/\/ (.*)$/gm)].map(([, output = '']) => output);
}

describe('The code in the README', function () {
  this.timeout(300_000);
  const locks = useLocks();
  let masters: readonly Master[] = [];
  let sentinels: readonly SentinelServer[] = [];
  let programs: Programs;

  before(async () => {
    programs = new Programs();
    masters = await startMasters(3);
    const names = ['locks-a', 'locks-b', 'locks-c'] as const;
    const watched = masters.map(({ port }, index) => ({ name: names[index] ?? '', port, quorum: 2 }));
    const settings = ['requirepass of-the-sentinels'];
    sentinels = await Promise.all(names.map(() => SentinelServer.start(watched, settings)));
  });
  beforeEach(async () => {
    await Promise.all(masters.map((master) => master.command('FLUSHALL')));
  });
  after(async () => {
    programs.remove();
    await Promise.all(sentinels.map((sentinel) => sentinel.stop()));
    await Promise.all(masters.map((master) => master.stop()));
  });

  /** The same block on the masters of this run: the README's are on 127.0.0.1, from port 6381 on, Sentinels from 26381. */
  const here = (block: Block): Block => {
    const text = block.text
      .replace(/\b638[1-3]\b/g, (port) => String(masters[Number(port) - 6381]?.port))
      .replace(/\b2638[1-3]\b/g, (port) => String(sentinels[Number(port) - 26381]?.port));
    expect(text).not.to.match(/\b(63|263)\d\d\b/);
    return { ...block, text };
  };

  it('is run, or left for a reason', () => {
    const left = blocks.filter(({ language }) => language !== 'ts' && language !== 'yaml');

    expect(left.map(firstLineOf)).to.have.members([...NOT_RUN.keys()]);
    expect(blocks.filter(isIn('ts'))).to.have.lengthOf.at.least(4);
    expect(blocks.filter(isIn('yaml'))).to.have.lengthOf.at.least(2);
  });

  it('compiles under strict settings', () => {
    expect(programs.check(blocks.filter(isIn('ts')))).to.deep.equal([]);
  });

  for (const block of blocks.filter(isIn('ts'))) {
    it(`at line ${block.line} runs, prints what it says and ends`, async () => {
      expect(promisedBy(block)).not.to.be.empty;
      expect(await programs.run(here(block))).to.deep.equal({ output: promisedBy(block), errors: '' });
      const left = await Promise.all(masters.map((master) => master.command('KEYS', '*')));
      // What a block keeps on purpose is the only thing that it leaves.
      const isKept = block.text.includes('keepFor');
      expect(left.flat().some((key) => key !== MARKER)).to.equal(isKept);
    });
  }

  for (const block of blocks.filter(isIn('yaml'))) {
    it(`at line ${block.line} makes a lock on three masters, without a warning`, async () => {
      const entries = parse(here(block).text) as { readonly descriptor: string }[];
      expect(entries).to.have.lengthOf(1);
      for (const entry of entries) {
        const config = ConfigParams.fromValue(entry);
        expect(parseConfig(config).warnings).to.deep.equal([]);
        const lock = new DefaultRedlockFactory().create(Descriptor.fromString(entry.descriptor));
        lock.configure(config);
        lock.setReferences(directory());
        await lock.open(null);
        try {
          expect(await lock.tryAcquireLock(null, 'key', 60_000)).to.equal(true);
          expect(lock.getStatus()).to.deep.include({ quorum: 2, held: 1 });
          expect(lock.getStatus().masters).to.have.lengthOf(3);
        } finally {
          await lock.close(null);
        }
      }
    });
  }

  it('names the rights that are enough for an ACL user', async () => {
    const [, rights = ''] = /`(\+hello [^`]*)`/.exec(README) ?? [];
    const setUser = ['ACL', 'SETUSER', 'app', 'reset', 'on', '>sesame', '~*', ...rights.split(' ')];
    await Promise.all(masters.map((master) => master.command(...setUser)));
    try {
      const login = { username: 'app', password: 'sesame', db: 1 };
      const connections = addressesOf(masters).map((address) => ({ ...address, ...login }));
      // Nobody is late, on a machine that stalls either.
      const options = UNHURRIED;
      const [holder, other] = [await locks.open({ connections, options }), await locks.open({ connections, options })];
      expect(await holder.tryAcquireLock(null, 'key', 60_000)).to.equal(true);
      expect(await other.tryAcquireLock(null, 'key', 60_000)).to.equal(false);
      await holder.releaseLock(null, 'key');
      await other.acquireLock(null, 'key', 60_000, 5_000);
      expect(other.getStatus().masters.map(({ lastError }) => lastError)).to.deep.equal([null, null, null]);
    } finally {
      await Promise.all(masters.map((master) => master.command('ACL', 'DELUSER', 'app')));
    }
  });

  function directory(): References {
    const connections = addressesOf(masters).map((address) => ConfigParams.fromValue(address));
    const known = <T>(key: string, value: T): T | null => (key === 'lock-masters' ? value : null);
    // Masters without a password take any.
    const credential = ConfigParams.fromTuples('username', 'default', 'password', 'sesame');
    return References.fromTuples(
      Descriptor.fromString('spec:discovery:memory:default:1.0'),
      { resolveAll: async (_context: unknown, key: string) => known(key, connections) },
      Descriptor.fromString('spec:credential-store:memory:default:1.0'),
      { lookup: async (_context: unknown, key: string) => known(key, credential) },
    );
  }
});

describe('The checks of the README', () => {
  it('see blocks, their languages and lines', () => {
    expect(blocksOf('a\n```ts\nb\n\nc\n```\n```\n```\n')).to.deep.equal([
      { language: 'ts', line: 3, text: 'b\n\nc' },
      { language: '', line: 8, text: '' },
    ]);
    expect(() => blocksOf('```ts\n')).to.throw('no end');
  });

  it('see what a block says that it prints', () => {
    const text = "console.log('a'); // a\nconsole.log('b');\n// c\n  console.log(d) // d e";

    expect(promisedBy({ language: 'ts', line: 1, text })).to.deep.equal(['a', 'd e']);
  });
});
