import { expect } from 'chai';
import { chooseMasterSource, NoMastersError, serverBinary, type SourceProbes } from '../../support/masterSource';

describe('chooseMasterSource', () => {
  let asked: string[] = [];

  /** A machine with nothing, but for what is given; it notes what it is asked. */
  function machine(
    has: Partial<Record<'given' | 'onPath' | 'installable', string>> & { compose?: boolean },
  ): SourceProbes {
    asked = [];
    return {
      givenMasters: () => (asked.push('given'), has.given),
      findServer: () => (asked.push('path'), has.onPath ?? null),
      composeAnswers: async () => (asked.push('compose'), has.compose ?? false),
      installServer: async () => (asked.push('install'), has.installable ?? null),
    };
  }

  const everything = { given: 'redis://a:1', onPath: '/bin/redis-server', compose: true, installable: '/new' };

  it('takes given masters first and asks for nothing else', async () => {
    expect(await chooseMasterSource(machine(everything))).to.eql({ kind: 'given', uris: ['redis://a:1'] });
    expect(asked).to.eql(['given']);
  });

  for (const given of ['redis://a:1,redis://b:2', 'redis://a:1 redis://b:2', ' redis://a:1 ,\n redis://b:2, ']) {
    it(`reads ${JSON.stringify(given)}`, async () => {
      const source = await chooseMasterSource(machine({ given }));
      expect(source).to.eql({ kind: 'given', uris: ['redis://a:1', 'redis://b:2'] });
    });
  }

  for (const given of [undefined, '', ' , ']) {
    it(`then takes a server on the PATH, where REDIS_MASTERS is ${JSON.stringify(given)}`, async () => {
      const probes = { ...machine(everything), givenMasters: () => (asked.push('given'), given) };
      expect(await chooseMasterSource(probes)).to.eql({ kind: 'process', binary: '/bin/redis-server' });
      expect(asked).to.eql(['given', 'path']);
    });
  }

  it('then Docker Compose', async () => {
    expect(await chooseMasterSource(machine({ compose: true, installable: '/new' }))).to.eql({ kind: 'compose' });
    expect(asked).to.eql(['given', 'path', 'compose']);
  });

  it('then a server that it installs', async () => {
    expect(await chooseMasterSource(machine({ installable: '/new' }))).to.eql({ kind: 'process', binary: '/new' });
    expect(asked).to.eql(['given', 'path', 'compose', 'install']);
  });

  it('else fails with one message that names the four ways', async () => {
    const error = await failure(chooseMasterSource(machine({})));
    expect(error.code).to.equal('NO_MASTERS');
    for (const way of [/REDIS_MASTERS/, /redis-server or valkey-server on the PATH/, /Docker Compose/, /apt-get/]) {
      expect(error.message).to.match(way);
    }
  });

  it('fails the same way when the installation fails, with its error as the cause', async () => {
    const cause = new Error('no network');
    const error = await failure(chooseMasterSource({ ...machine({}), installServer: () => Promise.reject(cause) }));
    expect(error.code).to.equal('NO_MASTERS');
    expect(error.cause).to.equal(cause);
  });
});

describe('serverBinary', () => {
  const installServer = async () => '/new';

  it('is the server on the PATH, else one that is installed, else NO_MASTERS', async () => {
    expect(await serverBinary({ findServer: () => '/old', installServer })).to.equal('/old');
    expect(await serverBinary({ findServer: () => null, installServer })).to.equal('/new');
    const nowhere = { findServer: () => null, installServer: async () => null };
    expect((await failure(serverBinary(nowhere))).code).to.equal('NO_MASTERS');
  });
});

async function failure(promise: Promise<unknown>): Promise<NoMastersError> {
  const error = await promise.catch((reason: unknown) => reason);
  if (error instanceof NoMastersError) return error;
  throw new Error(`NoMastersError expected, got ${String(error)}`);
}
