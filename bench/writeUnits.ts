import { batchLength, bookTips } from '../shared/ledger/index.ts';
import { metered } from './cost/meter.ts';
import { aTip, openBooks } from './ledger.ts';

/** Write units that a tip takes, booked alone and in a full batch of one creator's. */
export async function writeUnits(dir: string): Promise<{ alone: number; inBatch: number; batch: number }> {
  const { tables, ledger, lease, invoice } = await openBooks(dir);
  const meter = metered(ledger);
  const unitsOfBatch = async (size: number, from: number): Promise<number> => {
    const tips = Array.from({ length: size }, (_, at) => aTip(invoice, BigInt(from + at)));
    await bookTips(meter.ledger, lease, { tips, quarantined: [] }, { settleIndex: BigInt(from + size) });
    return meter.take().writeUnits / size;
  };
  try {
    // The first tip of all makes totals, which later ones change.
    await unitsOfBatch(1, 1);
    const batch = batchLength(Array.from({ length: 200 }, () => aTip(invoice, 1n)));
    return { alone: await unitsOfBatch(1, 2), inBatch: await unitsOfBatch(batch, 3), batch };
  } finally {
    await tables.close();
  }
}
