import { expect } from 'chai';
import { script } from '../../../lib/master/Script';
import { FENCE_SCRIPTS } from '../../../lib/quorum/fenceScripts';
import { MARKER } from '../../../lib/master/marker';
import { HOLDS, wrapScripts, type Scripts } from '../../../lib/quorum/scripts';

/** redlock hands over its acquire script and its extend script, in this order. */
function acquireScriptOf({ acquirerHooks }: Scripts, lua: string): string {
  acquirerHooks.acquireScript(lua);
  return acquirerHooks.extendScript('-- extend');
}

describe("redlock's scripts", () => {
  it('stand under the SHA-1 of what redlock was told, and are others for each run of a server', () => {
    const scripts = wrapScripts({ isGuarded: true, isNotifying: false });
    const { sha } = script(acquireScriptOf(scripts, '-- lua'));
    const [one, other] = ['one', 'other'].map((runId) => scripts.forRun(runId).get(sha));

    expect(one?.source).to.include('-- lua').and.to.include(`'${MARKER}'`).and.to.include("~= 'one'");
    expect(one).to.eql(script(one?.source ?? ''));
    expect(other?.source).to.equal(one?.source.replace("'one'", "'other'"));
  });

  it('ask for no marker where nothing is guarded', () => {
    const scripts = wrapScripts({ isGuarded: false, isNotifying: false });
    const source = acquireScriptOf(scripts, '-- lua');

    expect(scripts.forRun('one').get(script(source).sha)?.source).to.equal(source);
    // For a fencing token, after the lock is granted.
    expect(source.indexOf(MARKER)).to.be.above(source.indexOf('-- lua'));
  });

  it('read a former token as the token itself, and swallow no error, where a lock is extended or released', () => {
    const scripts = wrapScripts({ isGuarded: true, isNotifying: false });

    const extend = scripts.hooks.extendScript('-- extend');
    const release = scripts.hooks.releaseScript('-- release');
    for (const [source, lua] of [
      [extend, '-- extend'],
      [release, '-- release'],
    ]) {
      expect(source).to.include(`  local redis = { call = call, pcall = server.call }\n${lua}\nend\n`);
    }
    const [first, second, ...others] = scripts.forRun('one').values();
    expect(first?.source).to.include("~= 'one'").and.to.include('-- extend\n');
    expect([second, ...others]).to.eql([script(release), HOLDS, ...FENCE_SCRIPTS]);
  });
});
