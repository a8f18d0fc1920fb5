import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Service {
  readonly image: string;
  readonly command: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly container_name?: string;
  readonly profiles?: readonly string[];
}

interface ComposeFile {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
}

const MASTERS = ['master-1', 'master-2', 'master-3', 'master-4', 'master-5'];
const PORTS = [6381, 6382, 6383, 6384, 6385];

function load(name: string): { readonly text: string; readonly file: ComposeFile } {
  const text = readFileSync(join(__dirname, '../../../docker', name), 'utf8');
  return { text, file: parse(text, { merge: true }) as ComposeFile };
}

for (const name of ['docker-compose.dev.yml', 'docker-compose.test.yml']) {
  describe(name, () => {
    const { text, file } = load(name);
    const masters = Object.entries(file.services).filter(([, { image }]) => /^(redis|valkey)/.test(image));

    it('has five masters, of Redis 7 or newer', () => {
      expect(masters.map(([service]) => service)).to.eql(MASTERS);
      for (const [, { image }] of masters) expect(Number(/:(\d+)/.exec(image)?.[1])).to.be.at.least(7);
    });

    it('has no replication, cluster or sentinel', () => {
      expect(text).not.to.match(/replicaof|slaveof|cluster|sentinel/i);
    });

    it('looks after the health of each by a ping', () => {
      for (const [service, { healthcheck }] of masters) {
        expect(healthcheck?.test.join(' '), service).to.match(/redis-cli ping .*PONG/);
      }
    });

    it('publishes them on this machine alone, on ports 6381 to 6385', () => {
      const published = masters.map(([, { ports }]) => ports?.map((port) => withDefaults(port)));
      expect(published).to.eql(PORTS.map((port) => [`127.0.0.1:${port}:6379`]));
    });

    it('gives no container a fixed name', () => {
      for (const [service, { container_name }] of masters) expect(container_name, service).to.equal(undefined);
    });
  });
}

describe('docker-compose.dev.yml and docker-compose.test.yml', () => {
  const dev = load('docker-compose.dev.yml').file;
  const test = load('docker-compose.test.yml').file;

  it('are two projects', () => {
    expect(dev.name).not.to.equal(test.name);
  });

  it('persist in development, each master on a volume of its own', () => {
    const volumes = MASTERS.map((master) => dev.services[master]?.volumes);
    expect(volumes).to.eql(MASTERS.map((master) => [`${master}:/data`]));
    for (const master of MASTERS) expect(dev.services[master]?.command).to.include('--appendonly yes');
  });

  it('take the port and the arguments of each test master from its own variables', () => {
    for (const [index, master] of MASTERS.entries()) {
      const { ports, command } = test.services[master] ?? {};
      expect(ports?.[0]).to.include(`\${MASTER_${index + 1}_PORT:-`);
      expect(command).to.match(new RegExp(`--save "" --appendonly no .*\\$\\{MASTER_${index + 1}_ARGS:-\\}$`));
    }
  });

  it('run the tests against the five masters once they are healthy, and only when asked', () => {
    const tests = test.services['tests'];
    expect(tests?.profiles).to.eql(['tests']);
    expect(tests?.environment?.['REDIS_MASTERS']?.split(' ')).to.eql(MASTERS.map((master) => `redis://${master}:6379`));
    expect(Object.entries(tests?.depends_on ?? {})).to.eql(
      MASTERS.map((master) => [master, { condition: 'service_healthy' }]),
    );
  });
});

/** Text with the defaults of its `${NAME:-default}`, as Compose puts them where the variable is not set. */
function withDefaults(text: string): string {
  return text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
}
