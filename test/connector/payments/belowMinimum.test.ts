import { describe, expect, it } from 'vitest';
import { Alarms } from '../../../connector/health/alarms.ts';
import { DustWatch } from '../../../connector/payments/belowMinimum.ts';
import { openLog, Time } from '../stage.ts';

const open = () => {
  const time = new Time();
  const { log, alarms } = openLog();
  return { time, alarms, watch: new DustWatch(new Alarms(log), time.steadyMs) };
};

const tips = (count: number, amountMsat: bigint, dust?: true, handle = 'alice') =>
  Array.from({ length: count }, () => ({ handle, amountMsat, ...(dust && { dust }) }));

describe('the watch on dust', () => {
  it.each<[string, ReturnType<typeof tips>, number]>([
    ['a hundred tips of one satoshi within a minute', tips(100, 1_000n), 1],
    ['a hundred tips below one satoshi', tips(100, 1n), 1],
    ["a hundred tips below their creator's minimum", tips(100, 50_000n, true), 1],
    ['a thousand of them, once', tips(1_000, 1_000n), 1],
    ['ninety-nine of them', tips(99, 1_000n), 0],
    ['a thousand tips of more', tips(1_000, 1_001n), 0],
    ['a hundred, spread over two creators', [...tips(50, 1n), ...tips(50, 1n, undefined, 'bobby')], 0],
  ])('raises an alarm, or none, for %s', (_, booked, count) => {
    const { watch, alarms } = open();
    for (const tip of booked) watch.booked([tip]);
    expect(alarms()).toHaveLength(count);
    if (count > 0) expect(alarms()[0]).toMatchObject({ alarm: 'dust', handle: 'alice', tips: 100 });
  });

  it('counts anew each minute, by a clock that does not jump', async () => {
    const { watch, alarms, time } = open();
    watch.booked(tips(60, 1_000n));
    time.jumpedMs = 3_600_000;
    await time.pass(59_999);
    watch.booked(tips(39, 1_000n));
    expect(alarms()).toHaveLength(0);
    await time.pass(1);
    watch.booked(tips(99, 1_000n));
    expect(alarms()).toHaveLength(0);
    watch.booked(tips(1, 1_000n));
    expect(alarms()).toHaveLength(1);
  });
});
