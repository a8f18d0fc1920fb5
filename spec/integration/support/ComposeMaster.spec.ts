import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { serverBinary } from '../../support/masterSource';
import { sendCommand } from '../../support/MasterConnection';
import { TYPESCRIPT } from '../../support/typescript';
import { until } from '../../support/until';

const run = promisify(execFile);
const FIXTURES = join(__dirname, '../../unit/support/fixtures');

// An engine is not everywhere. A script stands in for `docker` on the PATH, so that the choice of the way, the
// docker-compose package, and the commands that it is given are the real ones.
describe('ComposeMaster', function () {
  // The package waits half a second after each command.
  this.timeout(300_000);

  let folder = '';
  let port = 0;
  let seen: unknown[] = [];
  let calls: readonly string[] = [];

  before(async () => {
    const server = await serverBinary();
    folder = mkdtempSync(join(tmpdir(), 'fake-docker-'));
    copyFileSync(join(FIXTURES, 'docker.sh'), join(folder, 'docker'));
    chmodSync(join(folder, 'docker'), 0o755);
    // The stand-in finds a server under this name, whichever it is; the process under test finds none.
    const hidden = mkdtempSync(join(folder, 'bin-'));
    symlinkSync(server, join(hidden, 'redis-server'));
    const env = {
      PATH: folder,
      FAKE_DOCKER: folder,
      FAKE_DOCKER_PATH: [hidden, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
    };
    const { stdout } = await run(process.execPath, [...TYPESCRIPT, join(FIXTURES, 'playFaults.ts')], { env });
    ({ seen, port } = JSON.parse(stdout) as { seen: unknown[]; port: number });
    calls = readFileSync(join(folder, 'calls.log'), 'utf8').trim().split('\n');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('plays every fault of a master on its container', () => {
    expect(seen).to.eql(['OK', 0, 'ETIMEDOUT', 'PONG', 'ECONNREFUSED', 'value', null, 'ECONNREFUSED', 'PONG']);
  });

  it('asks whether an engine answers, then starts a set by one command that waits for its health', () => {
    expect(calls[0]).to.match(/ ps$/);
    expect(calls[1]).to.match(/ up --wait -d master-1 master-2$/);
  });

  it('runs every command on the test file, in a project of its own process', () => {
    const projects = new Set(
      calls.map((call) => / -p (redlock-test-\d+) -f .*docker-compose\.test\.yml /.exec(call)?.[1]),
    );
    expect([...projects]).to.have.length(1);
    expect([...projects][0]).to.be.a('string');
  });

  it('takes the whole project down when the process ends', async () => {
    expect(calls.at(-1)).to.match(/ down -v -t 0$/);
    // Nobody waits for its masters to end.
    const code = (): Promise<unknown> =>
      sendCommand({ host: '127.0.0.1', port }, ['PING']).catch((reason: { code?: unknown }) => reason.code);
    await until(async () => (await code()) === 'ECONNREFUSED', 'nobody listens there any more');
  });
});
