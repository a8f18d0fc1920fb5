import { expect } from 'chai';
import { spy, type SinonSpy } from 'sinon';
import { Channels } from '../../../lib/master/Channels';
import type { Connection } from '../../../lib/master/Connection';
import { MasterError } from '../../../lib/master/MasterError';

/** A connection that keeps what it was sent, and fails it with a fault where it has one. */
class FakeConnection {
  readonly sent: string[] = [];
  canSubscribe = true;
  fault: MasterError | null = null;
  /** What is sent now leaves in one write with what follows in this turn. */
  isGathering = false;

  gather(): void {
    this.isGathering = true;
  }

  subscribe(channel: string): Promise<void> {
    return this.#send(`+${channel}`);
  }

  unsubscribe(channel: string): Promise<void> {
    return this.#send(`-${channel}`);
  }

  async #send(what: string): Promise<void> {
    this.sent.push(what);
    if (this.fault !== null) throw this.fault;
  }
}

const REFUSED = new MasterError('m:1', 'no-permission', 'NOPERM');
const LOST = new MasterError('m:1', 'unreachable', 'reset', true);
const settling = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Channels', () => {
  let connection: FakeConnection;
  let warnings: string[];
  let channels: Channels;
  let onMessage: SinonSpy;

  beforeEach(() => {
    connection = new FakeConnection();
    warnings = [];
    channels = new Channels(connection as unknown as Connection, (message) => warnings.push(message));
    onMessage = spy();
  });

  it('subscribe at once where the connection stands', () => {
    channels.restore();
    expect(channels.listen('a', onMessage)).to.equal(true);
    expect(connection).to.deep.include({ sent: ['+a'], isGathering: true });
  });

  it('wait for the connection where it does not stand', async () => {
    expect(channels.listen('a', onMessage)).to.equal(false);
    channels.ignore('a');
    await settling();
    expect(connection.sent).to.eql([]);
  });

  it('hand a message to whoever listens to its channel', () => {
    const other = spy();
    channels.restore();
    channels.listen('a', onMessage);
    channels.listen('b', other);
    for (const channel of ['a', 'a', 'c']) channels.onMessage(channel);
    expect([onMessage.callCount, other.callCount]).to.eql([2, 0]);
  });

  it('unsubscribe from what is ignored, of which messages may still come, behind what this turn has to do', async () => {
    channels.restore();
    channels.listen('a', onMessage);
    channels.ignore('a');
    channels.onMessage('a');
    await Promise.resolve();
    expect(connection.sent).to.eql(['+a']);
    await settling();
    expect(connection.sent).to.eql(['+a', '-a']);
    expect(onMessage.callCount).to.equal(0);
  });

  it('subscribe on a new connection to what is wanted now, not to what was wanted on the former', async () => {
    channels.restore();
    for (const channel of ['kept', 'given up']) channels.listen(channel, onMessage);
    channels.pause();
    connection.sent.length = 0;
    channels.ignore('given up');
    await settling();
    expect(channels.listen('new', onMessage)).to.equal(false);
    expect(connection.sent).to.eql([]);

    channels.restore();
    expect(connection.sent).to.eql(['+kept', '+new']);
    channels.onMessage('kept');
    expect(onMessage.callCount).to.equal(1);
  });

  it('do without a connection that would take no other commands then', async () => {
    connection.canSubscribe = false;
    channels.restore();
    expect(channels.listen('a', onMessage)).to.equal(false);
    channels.restore();
    channels.ignore('a');
    await settling();
    expect(connection.sent).to.eql([]);
  });

  it('warn once where it is not permitted, and ask no more', async () => {
    connection.fault = REFUSED;
    channels.restore();
    for (const channel of ['a', 'b']) channels.listen(channel, onMessage);
    await settling();
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.include('SUBSCRIBE').and.to.include('poll');
    expect(channels.listen('c', onMessage)).to.equal(false);
    channels.ignore('a');
    await settling();
    channels.pause();
    channels.restore();

    expect(channels.listen('d', onMessage)).to.equal(false);
    expect(connection.sent).to.eql(['+a', '+b']);
    expect(warnings).to.have.length(1);
  });

  it('say nothing of a connection that breaks meanwhile, and go on with the next', async () => {
    channels.restore();
    connection.fault = LOST;
    channels.listen('a', onMessage);
    channels.listen('b', onMessage);
    channels.ignore('b');
    await settling();
    channels.pause();
    connection.fault = null;
    connection.sent.length = 0;
    channels.restore();

    expect(connection.sent).to.eql(['+a']);
    expect(channels.listen('c', onMessage)).to.equal(true);
    expect(warnings).to.eql([]);
  });
});
