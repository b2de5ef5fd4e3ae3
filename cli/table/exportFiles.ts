import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { UsageError } from '../../shared/command/failures.ts';

/** An item as DynamoDB holds it. */
export type Item = Record<string, AttributeValue>;

/**
 * The items of an export of a table in DynamoDB's JSON, from the gzipped files below a folder, each line of which is `{"Item": {...}}`.
 * @throws UsageError
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
 */
export async function* readExport(folder: string): AsyncGenerator<Item> {
  const found = await readdir(folder, { recursive: true }).catch((error: Error) => {
    throw new UsageError(`export: ${error.message}`);
  });
  const files = found.filter((file) => file.endsWith('.json.gz')).sort();
  if (files.length === 0) throw new UsageError(`export: there is no .json.gz file below ${folder}`);
  for (const file of files) yield* readFile(join(folder, file));
}

async function* readFile(file: string): AsyncGenerator<Item> {
  const unzipped = createReadStream(file).pipe(createGunzip());
  let number = 0;
  try {
    for await (const line of createInterface({ input: unzipped })) {
      number++;
      if (line !== '') yield readLine(line);
    }
  } catch (error) {
    throw new UsageError(`export: ${file}, line ${number}: ${(error as Error).message}`);
  }
}

function readLine(line: string): Item {
  const { Item } = JSON.parse(line) as { Item?: Record<string, unknown> };
  if (typeof Item !== 'object' || Item === null) throw new Error('there is no "Item" in it');
  return Object.fromEntries(Object.entries(Item).map(([name, value]) => [name, withBytes(value)]));
}

/** An attribute with its bytes out of base64, in which JSON has them. */
function withBytes(value: unknown): AttributeValue {
  const [[type, content] = []] = Object.entries(value as object);
  if (type === 'B') return { B: bytes(content) };
  if (type === 'BS') return { BS: content.map(bytes) };
  if (type === 'L') return { L: content.map(withBytes) };
  if (type === 'M') {
    const entries = Object.entries(content).map(([name, each]) => [name, withBytes(each)]);
    return { M: Object.fromEntries(entries) };
  }
  return value as AttributeValue;
}

const bytes = (base64: string) => Buffer.from(base64, 'base64');
