import { expect } from 'chai';
import { logins } from './logins';
import { outages } from './outages';
import { README, tableOf } from './readme';
import { restarts } from './restarts';
import { useStage } from './stage';

const ROWS = tableOf(README, 'what happens', 'acquiring', 'releasing and afterwards').map(
  (row) => row['what happens'] ?? '',
);

describe("The README's account of what happens when masters fail", () => {
  const stage = useStage();
  const scenes = { ...outages(stage), ...restarts(stage), ...logins(stage) };

  it('is played row by row', () => {
    expect(ROWS).to.have.members(Object.keys(scenes));
  });

  for (const row of ROWS) {
    it(row, async () => scenes[row]?.());
  }
});
