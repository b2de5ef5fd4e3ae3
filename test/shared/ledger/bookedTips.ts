import {
  addCreator,
  bookTips,
  compareSums,
  type Lease,
  type Ledger,
  type NewTip,
  putRetiredInvoice,
  replaceSums,
  type ScannedRows,
  scanRows,
} from '../../../shared/ledger/index.ts';
import { lead, minted, NOW, openBook, paid } from './book.ts';

/** Books tips of creators as the connector does. */
export async function openBookings(handles = ['alice', 'bob']) {
  const book = await openBook();
  const booker = await startBooking(book.ledger, handles);
  return { ...book, ...booker };
}

/**
 * @param handles creators to add first
 * @param run tells the tips of one run from those of another
 */
export async function startBooking(ledger: Ledger, handles: readonly string[], run: string | number = 0) {
  const lease: Lease = await lead(ledger);
  for (const handle of handles) {
    await addCreator(ledger, { handle, name: handle }, NOW);
    await putRetiredInvoice(ledger, lease, minted(handle, handle), NOW);
  }
  let made = 0;
  /** Tips of a creator in one commit; their numbers follow on those before. */
  const book = async (handle: string, count: number, more: Partial<NewTip> = {}) => {
    const tips = Array.from({ length: count }, () =>
      paid(minted(handle, handle), `tip ${run} ${made++}`, more),
    );
    const booked = [];
    for (let at = 0; at < tips.length; at += 90)
      booked.push(
        ...(await bookTips(ledger, lease, { tips: tips.slice(at, at + 90), quarantined: [] })).tips,
      );
    return booked;
  };
  return { book, lease };
}

/** What `npm run rebuild-totals -- --scan --replace` does of a creator: rows that are not there are proven to be gone. */
export async function proveGone(ledger: Ledger, handle: string): Promise<void> {
  const scanned = (await scanRows(ledger, [handle])).get(handle) as ScannedRows;
  const compared = await compareSums(ledger, handle, { invoices: scanned.invoices, scanned });
  if (!compared || !(await replaceSums(ledger, compared))) throw new Error('nobody else writes sums');
}
