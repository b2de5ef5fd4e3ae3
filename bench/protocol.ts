import { hash, randomBytes } from 'node:crypto';
import { deriveChild, type ReportedShard, splitPayment, verifySet } from '../shared/amp/index.ts';
import { type Bench, type Row, type Setting, versus } from './bench.ts';
import { inTurns } from './rounds.ts';

const SHARDS = 16;
const SETS = 256;

/** A settled set as a node reports it. */
function reportedSet(): ReportedShard[] {
  const root = randomBytes(32);
  const [setId, paymentAddr] = [randomBytes(32), randomBytes(32)];
  const payment = { totalMsat: 21_000_000n, shards: SHARDS, root, setId, paymentAddr, random: randomBytes };
  return splitPayment(payment).map(({ amp: { rootShare: share, childIndex } }) => ({
    share,
    childIndex,
    ...deriveChild(root, share, childIndex),
  }));
}

/** How often a second, over some seconds. */
function perSecond(seconds: number, work: (at: number) => void): number {
  const began = performance.now();
  let done = 0;
  while (performance.now() - began < seconds * 1000) {
    for (let at = 0; at < SETS; at++) work(at);
    done += SETS;
  }
  return done / ((performance.now() - began) / 1000);
}

async function run({ quick }: Setting): Promise<Row[]> {
  const sets = Array.from({ length: SETS }, reportedSet);
  const inputs = sets.map((set) => set.map(({ share }) => Buffer.concat([share, share, Buffer.alloc(4)])));
  const seconds = quick ? 0.2 : 1;
  const { verified, hashed } = await inTurns(
    {
      verified: () =>
        perSecond(seconds, (at) => {
          if (!verifySet(sets[at]!).ok) throw new Error('a set of ours is not valid');
        }),
      hashed: () =>
        perSecond(seconds, (at) => {
          for (const input of inputs[at]!) hash('sha256', hash('sha256', input, 'buffer'), 'buffer');
        }),
    },
    quick ? 1 : 7,
  );
  const alone = `their ${2 * SHARDS} SHA-256 alone`;
  return [versus(`sets of ${SHARDS} shards verified`, '/s', verified, [alone, hashed])];
}

export const protocol: Bench = {
  name: 'protocol',
  about: 'AMP sets verified a second, as the connector verifies each',
  lnd: 'none',
  run,
};
