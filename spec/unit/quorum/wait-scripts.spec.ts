import { expect } from 'chai';
import { script } from '../../../lib/master/Script';
import { wrapScripts } from '../../../lib/quorum/scripts';
import { channelOf, WAKE_FIRST } from '../../../lib/quorum/waitScripts';

describe('The scripts of those who wait', () => {
  it('wake with every script that deletes', () => {
    const scripts = wrapScripts({ isGuarded: false, isNotifying: true });
    const release = scripts.hooks.releaseScript('-- release');

    expect(release).to.include('-- release').and.to.include(WAKE_FIRST);
    expect(scripts.takeBack.source).to.include(WAKE_FIRST);
    expect(scripts.forRun('one').get(script(release).sha)).to.eql(script(release));
  });

  it('wake nobody where nobody is to be notified', () => {
    const scripts = wrapScripts({ isGuarded: false, isNotifying: false });

    expect(scripts.hooks.releaseScript('-- release'))
      .to.include('\n-- release\n')
      .and.not.to.match(/wakeFirst|publish/);
    expect(scripts.takeBack.source).not.to.match(/wakeFirst|publish/);
  });

  it('tell a waiter on the channel that it listens to', () => {
    expect(channelOf('waiter')).to.equal('redlock:free:waiter');
    expect(WAKE_FIRST).to.include("'publish', 'redlock:free:' .. first[1]");
  });
});
