import { expect } from 'chai';
import { getEventListeners } from 'node:events';
import { spy } from 'sinon';
import { onAbort } from '../../../lib/wait/onAbort';

describe('onAbort', () => {
  let controller: AbortController;

  beforeEach(() => {
    controller = new AbortController();
  });

  it('calls back all who share a signal, once', () => {
    const callbacks = Array.from({ length: 3 }, () => spy());
    for (const callback of callbacks) onAbort(controller.signal, callback);
    expect(callbacks.map(({ callCount }) => callCount)).to.eql([0, 0, 0]);
    controller.abort();
    controller.abort();

    expect(callbacks.map(({ callCount }) => callCount)).to.eql([1, 1, 1]);
  });

  it('does not call back whoever has taken that back', () => {
    const [one, other] = [spy(), spy()];
    const forget = onAbort(controller.signal, one);
    onAbort(controller.signal, other);
    forget();
    controller.abort();

    expect([one.callCount, other.callCount]).to.eql([0, 1]);
  });

  it('keeps signals apart', () => {
    const [one, other] = [spy(), spy()];
    onAbort(controller.signal, one);
    onAbort(new AbortController().signal, other);
    controller.abort();

    expect([one.callCount, other.callCount]).to.eql([1, 0]);
  });

  it('calls back whoever was there when the signal fired, also when one takes another back meanwhile', () => {
    const calls: string[] = [];
    let forget = (): void => {};
    onAbort(controller.signal, () => {
      calls.push('one');
      forget();
    });
    forget = onAbort(controller.signal, () => void calls.push('other'));
    controller.abort();

    expect(calls).to.eql(['one', 'other']);
  });

  it('has one listener for many, and Node nothing to warn of', async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', note);
    try {
      const forgets = Array.from({ length: 50 }, () => onAbort(controller.signal, () => {}));
      expect(getEventListeners(controller.signal, 'abort')).to.have.length(1);
      for (const forget of forgets) forget();
      for (let wait = 0; wait < 50; wait += 1) onAbort(controller.signal, () => {})();
      await new Promise((resolve) => setImmediate(resolve));

      expect(getEventListeners(controller.signal, 'abort')).to.have.length(1);
      expect(warnings).to.eql([]);
    } finally {
      process.off('warning', note);
    }
  });
});
