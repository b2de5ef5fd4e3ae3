import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Item } from '../../../shared/ledger/codec.ts';

/** Bytes as JSON has them in an export: base64. */
const inBase64 = (_: string, value: unknown) =>
  value instanceof Object && 'type' in value && value.type === 'Buffer' && 'data' in value
    ? Buffer.from(value.data as number[]).toString('base64')
    : value;

/** Write items as DynamoDB's export to S3 lays them out: gzipped files of lines, and a manifest beside. */
export function writeExport(folder: string, items: readonly Item[], files = 3): void {
  const data = join(folder, 'AWSDynamoDB', '01795467507000-1a2b3c4d', 'data');
  mkdirSync(data, { recursive: true });
  for (let file = 0; file < files; file++) {
    const lines = items
      .filter((_, at) => at % files === file)
      .map((item) => {
        const plain = Object.entries(item).map(([name, value]) => [
          name,
          value.B ? { B: Buffer.from(value.B) } : value,
        ]);
        return `${JSON.stringify({ Item: Object.fromEntries(plain) }, inBase64)}\n`;
      });
    writeFileSync(join(data, `${String(file).padStart(26, 'a')}.json.gz`), gzipSync(lines.join('')));
  }
  writeFileSync(join(data, '..', 'manifest-summary.json'), '{"version":"2020-06-30"}');
}
