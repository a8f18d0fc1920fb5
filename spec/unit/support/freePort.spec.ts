import { expect } from 'chai';
import { createServer } from 'node:net';
import sinon from 'sinon';
import { freePort } from '../../support/freePort';

describe('freePort', () => {
  afterEach(() => sinon.restore());

  it('is below the ports of outgoing connections, and can be listened on', async () => {
    const port = await freePort();
    expect(port).to.be.within(10_000, 32_000);
    const server = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
    server.close();
  });

  it('passes over a port that is taken', async () => {
    const random = sinon.stub(Math, 'random').returns(0.5);
    const taken = await freePort();
    const server = createServer().listen(taken, '127.0.0.1');
    await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
    random.onSecondCall().returns(0.5).returns(0.6);
    expect(await freePort()).not.to.equal(taken);
    server.close();
  });
});
