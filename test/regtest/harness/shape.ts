import type { WireInvoice } from './invoices.ts';
import { readRecords } from './records.ts';

/** A message of lnd as the recorded ones are kept: bytes in hex, custom records under their numbers. */
export const asRecorded = (invoice: WireInvoice): unknown =>
  JSON.parse(
    JSON.stringify({
      ...invoice,
      htlcs: invoice.htlcs.map((htlc) => ({
        ...htlc,
        custom_records: Object.fromEntries(readRecords(htlc.custom_records)),
      })),
    }),
    // Buffer has its own toJSON, which runs before this.
    (_, value) => (value?.type === 'Buffer' ? Buffer.from(value.data).toString('hex') : value),
  );

function shapeOfText(text: string): string {
  if (text === '') return 'empty';
  if (text === '0') return 'zero';
  if (/^[1-9][0-9]*$/.test(text)) return 'digits';
  if (/^[0-9a-f]{64}$/.test(text)) return '32 bytes';
  if (/^([0-9a-f]{2})+$/.test(text)) return 'bytes';
  return text.startsWith('lnsb') ? 'payment request' : 'text';
}

/**
 * What two messages of one kind have in common: names, nesting, and the kind of each value, with set ids as keys
 * made alike and a list reduced to the different shapes in it.
 */
export function shapeOf(value: unknown): unknown {
  if (typeof value === 'string') return shapeOfText(value);
  if (value === null) return null;
  if (Array.isArray(value)) return [...new Set(value.map((item) => JSON.stringify(shapeOf(item))))].sort();
  if (typeof value !== 'object') return typeof value === 'boolean' ? value : typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [/^[0-9a-f]{64}$/.test(key) ? 'set id' : key, shapeOf(item)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
