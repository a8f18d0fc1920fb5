import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { INSTALL_SCRIPT } from '../../support/installServer';

describe('INSTALL_SCRIPT', () => {
  let folder = '';
  let policy = '';
  const calls = () => readFileSync(join(folder, 'calls.log'), 'utf8').trim().split('\n');

  /** A command that logs its call and, for the policy in force, the status the policy gives. */
  function stub(name: string, body = ''): void {
    const log = `policy=none; [ -x '${policy}' ] && { '${policy}'; policy=$?; }; echo "${name} $* policy=$policy" >> '${folder}/calls.log'`;
    writeFileSync(join(folder, name), `#!/bin/sh\n${log}\n${body}\n`);
    chmodSync(join(folder, name), 0o755);
  }

  function runScript(): number | null {
    const env = { PATH: [folder, '/usr/bin', '/bin'].join(delimiter) };
    return spawnSync('sh', ['-c', INSTALL_SCRIPT, 'sh', policy], { env }).status;
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'install-'));
    policy = join(folder, 'policy-rc.d');
    stub('systemctl');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('installs under a policy that starts no service, and takes the policy back', () => {
    stub('apt-get');

    expect(runScript()).to.equal(0);
    expect(calls()).to.eql([
      'apt-get install -y --no-install-recommends redis-server policy=101',
      'systemctl disable redis-server policy=101',
    ]);
    expect(existsSync(policy)).to.equal(false);
  });

  it('fetches the list of packages where the installation fails without it', () => {
    stub('apt-get', `case $1 in update) touch '${folder}/list' ;; *) [ -e '${folder}/list' ] ;; esac`);

    expect(runScript()).to.equal(0);
    expect(calls().map((call) => call.split(' ').slice(0, 2).join(' '))).to.eql([
      'apt-get install',
      'apt-get update',
      'apt-get install',
      'systemctl disable',
    ]);
  });

  it('fails where the installation does, and takes the policy back', () => {
    stub('apt-get', 'exit 100');

    expect(runScript()).to.equal(100);
    expect(existsSync(policy)).to.equal(false);
  });

  it('leaves a policy alone that is there already', () => {
    stub('apt-get');
    writeFileSync(policy, '#!/bin/sh\nexit 0\n', { mode: 0o755 });

    expect(runScript()).to.equal(0);
    expect(calls()[0]).to.match(/policy=0$/);
    expect(existsSync(policy)).to.equal(true);
  });
});
