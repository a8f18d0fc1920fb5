import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GivenMaster } from '../../support/GivenMaster';
import type { Master, MasterOptions } from '../../support/Master';
import { MasterConnection, sendCommand } from '../../support/MasterConnection';
import { startMasters } from '../../support/masters';
import { RedisServer } from '../../support/RedisServer';
import { ReplyError } from '../../support/resp';
import { until } from '../../support/until';
import { TYPESCRIPT } from '../../support/typescript';

const run = promisify(execFile);

type StartSet = (count: number, options?: MasterOptions) => Promise<readonly Master[]>;

/** What every source of masters promises; `startSet` is the source. */
function behavesAsMasters(title: string, startSet: StartSet): void {
  describe(title, () => {
    let masters: readonly Master[] = [];

    const start = async (options?: MasterOptions): Promise<Master> => {
      masters = await startSet(1, options);
      const [master] = masters;
      if (!master) throw new Error('no master was started');
      return master;
    };

    afterEach(async () => {
      await Promise.all(masters.map((master) => master.stop()));
    });

    it('starts masters that are independent of one another', async () => {
      masters = await startSet(3);
      await Promise.all(masters.map((master, index) => master.command('SET', 'key', index)));

      expect(await Promise.all(masters.map((master) => master.command('GET', 'key')))).to.eql(['0', '1', '2']);
      expect(new Set(masters.map((master) => master.port)).size).to.equal(3);
      for (const master of masters) expect(master.uri).to.equal(`redis://127.0.0.1:${master.port}`);
    });

    it('starts them empty', async () => {
      const first = await start();
      await first.command('SET', 'key', 'value');
      await first.stop();

      expect(await (await start()).command('DBSIZE')).to.equal(0);
    });

    it('refuses connections and cuts live ones when killed', async () => {
      const master = await start();
      const live = await MasterConnection.open(master);
      await master.kill();

      expect(await codeOf(master.command('PING'))).to.equal('ECONNREFUSED');
      await until(() => live.isClosed, 'the live connection is cut');
    });

    it('answers nothing while paused, and everything when resumed', async () => {
      const master = await start();
      const live = await MasterConnection.open(master);
      await master.pause();
      const answers: unknown[] = [];
      const late = live.call('ECHO', 'late').then((answer) => answers.push(answer));

      expect(await codeOf(sendCommand(master, ['PING'], 100))).to.equal('ETIMEDOUT');
      expect(answers).to.eql([]);

      await master.resume();
      await late;
      expect(answers).to.eql(['late']);
      live.close();
    });

    it('can be killed while paused, and is thawed when it comes back', async () => {
      const master = await start();
      await master.pause();
      await master.restart();

      expect(await master.command('PING')).to.equal('PONG');
    });

    it('loses its keys and scripts by a restart without persistence', async () => {
      const master = await start();
      const sha = await master.command('SCRIPT', 'LOAD', 'return 1');
      await master.command('SET', 'key', 'value');
      const { port } = master;
      await master.restart();

      expect(master.port).to.equal(port);
      expect(await master.command('GET', 'key')).to.equal(null);
      expect(await master.command('SCRIPT', 'EXISTS', String(sha))).to.eql([0]);
    });

    it('keeps its keys through a restart with --appendonly yes, and loses them by restartEmpty', async () => {
      const master = await start({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
      await master.command('SET', 'key', 'value');
      await master.restart();
      expect(await master.command('GET', 'key')).to.equal('value');

      await master.restartEmpty();
      expect(await master.command('GET', 'key')).to.equal(null);
      expect(await master.command('CONFIG', 'GET', 'appendonly')).to.eql(['appendonly', 'yes']);
    });

    it('asks for the password of its arguments, also after a restart', async () => {
      const master = await start({ args: ['--requirepass', 'pass word'] });
      await master.restart();

      expect(master.uri).to.equal(`redis://:pass%20word@127.0.0.1:${master.port}`);
      expect(await master.command('PING')).to.equal('PONG');
      const refusal = await errorOf(sendCommand({ host: master.host, port: master.port }, ['PING']));
      expect(refusal).to.be.instanceOf(ReplyError);
      expect(refusal.message).to.match(/^NOAUTH/);
    });

    it('takes each fault twice, and stop in any state', async () => {
      const master = await start();
      await master.start();
      await master.pause();
      await master.pause();
      await master.resume();
      await master.resume();
      expect(await master.command('PING')).to.equal('PONG');
      await master.kill();
      await master.kill();
      await master.stop();
      await master.stop();

      const paused = await start();
      await paused.pause();
      await paused.stop();
      expect(await codeOf(paused.command('PING'))).to.equal('ECONNREFUSED');
    });
  });
}

async function errorOf(promise: Promise<unknown>): Promise<Error & { readonly code?: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it did not fail');
}

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return (await errorOf(promise)).code;
}

describe('masters', () => {
  behavesAsMasters('from the source of this run', startMasters);

  describe('given by REDIS_MASTERS', () => {
    let servers: readonly RedisServer[] = [];
    const uris = () => servers.map((server) => server.uri);

    before(async () => {
      servers = await Promise.all([1, 2, 3].map(() => RedisServer.start()));
    });
    after(async () => {
      await Promise.all(servers.map((server) => server.stop()));
    });

    behavesAsMasters('as masters', (count, options) => GivenMaster.startSet(uris(), count, options));

    it('have their settings back and no keys when they are stopped', async () => {
      const [master] = await GivenMaster.startSet(uris(), 1, { args: ['--requirepass', 'x', '--maxmemory', '5mb'] });
      await master?.command('SET', 'key', 'value');
      await master?.stop();

      const [server] = servers;
      expect(await server?.command('CONFIG', 'GET', 'requirepass')).to.eql(['requirepass', '']);
      expect(await server?.command('CONFIG', 'GET', 'maxmemory')).to.eql(['maxmemory', '0']);
      expect(await server?.command('DBSIZE')).to.equal(0);
    });

    it('are empty when they are started, whatever was in them', async () => {
      await servers[0]?.command('SET', 'key', 'value');
      const [master] = await GivenMaster.startSet(uris(), 1);
      expect(await master?.command('DBSIZE')).to.equal(0);
      await master?.stop();
    });

    it('belong to one set at a time', async () => {
      const two = await GivenMaster.startSet(uris(), 2);
      const tooMany = await errorOf(GivenMaster.startSet(uris(), 2));
      await Promise.all(two.map((master) => master.stop()));

      expect(tooMany.message).to.equal('REDIS_MASTERS: 2 masters are needed, 1 of 3 are free');
      const three = await GivenMaster.startSet(uris(), 3);
      await Promise.all(three.map((master) => master.stop()));
    });

    for (const uri of [
      'redis://:x@127.0.0.1:1',
      'redis://user@127.0.0.1:1',
      'rediss://127.0.0.1:1',
      'redis://h/2',
      'h:1',
    ]) {
      it(`are refused as ${uri}`, async () => {
        expect((await errorOf(GivenMaster.startSet([uri], 1))).message).to.match(
          /^REDIS_MASTERS takes uris of the form/,
        );
      });
    }

    it('are what startMasters takes in a process that has the variable', async () => {
      const [first, second] = servers;
      await first?.command('SET', 'key', 'value');
      const script = join(__dirname, '../../unit/support/fixtures/startTwoMasters.ts');
      const env: NodeJS.ProcessEnv = { ...process.env, REDIS_MASTERS: `${first?.uri}, ${second?.uri}` };
      delete env['MOCHA_WORKER_ID'];
      const { stdout } = await run(process.execPath, [...TYPESCRIPT, script], { env });

      // The ids of the processes behind the two masters.
      expect(stdout.trim().split('\n')).to.eql([String(first?.pid), String(second?.pid)]);
      expect(await first?.command('GET', 'key')).to.equal(null);
    });

    it('are refused to specs that run side by side, which would erase what others have', async () => {
      const [first, second] = servers;
      const script = join(__dirname, '../../unit/support/fixtures/startTwoMasters.ts');
      const masters = `${first?.uri}, ${second?.uri}`;
      const env: NodeJS.ProcessEnv = { ...process.env, REDIS_MASTERS: masters, MOCHA_WORKER_ID: '0' };
      const failed = await run(process.execPath, [...TYPESCRIPT, script], { env }).catch((error: unknown) =>
        String(error),
      );

      expect(failed).to.include('npm test -- --no-parallel');
    });
  });
});
