import { expect } from 'chai';
import { createSandbox } from 'sinon';
import { MasterError } from '../../../lib/master/MasterError';
import type { Answer, Vote } from '../../../lib/quorum/Votes';
import { untilExpiryMs } from '../../../lib/wait/expiry';

const GRANTED: Vote = { kind: 'granted' };
const SILENT: Vote = { kind: 'none', error: new MasterError('m', 'silent', 'no answer') };
const taken = (remainingMs: number | null, rank: number | null = 0): Vote => ({ kind: 'taken', remainingMs, rank });

describe('The time until an abandoned lock is free', () => {
  const sandbox = createSandbox();
  afterEach(() => sandbox.restore());

  const untilMs = (quorum: number, ...votes: readonly (Vote | null)[]): number =>
    untilExpiryMs(
      votes.map((vote, index): Answer => ({ address: `m:${index}`, vote })),
      quorum,
    );

  for (const [title, quorum, votes, expectedMs] of [
    ['what the only master says', 1, [taken(300)], 301],
    ['what the second of three says that is free', 2, [taken(1300), taken(200), taken(1000)], 1001],
    ['what the third of five says', 3, [taken(500), taken(100), taken(300), taken(200), taken(400)], 301],
    ['what all say that have to agree', 3, [taken(300), taken(100), taken(200)], 301],
    ['less where some have granted it', 2, [taken(300), GRANTED, taken(100)], 101],
    ['as much as the first where enough have granted it, too late', 2, [taken(300), GRANTED, GRANTED], 301],
    ['what the others say beside one without an end', 2, [taken(null), taken(100), taken(200)], 201],
    ['what the others say beside one that did not say', 2, [SILENT, taken(100), taken(200)], 201],
    ['what the others say beside one that has not answered yet', 2, [null, taken(100), taken(200)], 201],
    [
      'what the last says where half refuse and the others have not answered yet',
      3,
      [taken(300), taken(200), null, null],
      301,
    ],
    ['at hand where the key was about to expire', 1, [taken(0)], 1],
  ] as const) {
    it(`is ${title}, and one ms`, () => expect(untilMs(quorum, ...votes)).to.equal(expectedMs));
  }

  for (const [title, quorum, votes] of [
    ['nobody has answered', 1, []],
    ['a key of too many has no end', 2, [taken(null), taken(100), taken(null)]],
    ['too few have said it, and as many as are missing will not', 3, [taken(300), taken(200), SILENT, SILENT]],
    ['too few have said it', 2, [taken(100), SILENT, SILENT]],
    ['too few have said it beside a grant', 3, [taken(100), GRANTED, SILENT]],
    ['none has said it', 2, [SILENT, SILENT, null]],
  ] as const) {
    it(`is not known where ${title}`, () => expect(untilMs(quorum, ...votes)).to.equal(Infinity));
  }

  for (const [ranks, apartMs] of [
    [[0], 0],
    [[1], 2],
    [[4], 8],
    [[9], 18],
    [[10], 20],
    [[5000], 20],
    [[7, 3, 5], 6],
    [[null, 3, null], 6],
  ] as const) {
    it(`is ${apartMs} ms later for whoever stands behind ${JSON.stringify(ranks)}`, () => {
      const votes = ranks.map((rank) => taken(100, rank));
      expect(untilMs(1, ...votes)).to.equal(101 + apartMs);
    });
  }

  for (const random of [0, 0.25, 0.75]) {
    it(`is ${random * 20} ms later for whoever stands in no line, where chance says ${random}`, () => {
      sandbox.stub(Math, 'random').returns(random);
      expect(untilMs(1, taken(100, null))).to.equal(101 + random * 20);
    });
  }
});
