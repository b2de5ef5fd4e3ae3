import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { HASHED_FRESHNESS, LOADER_FRESHNESS } from '../shared/contract/staticFiles.ts';

const isHashed = (key: string) => key.includes('/');

/**
 * Put the widget's files into their bucket. What lies there from earlier stays, for a site may have kept the loader of then; and
 * what a loader names is there before it.
 * @param folder with the loaders, and folders with what they name, each file by its content
 * @returns keys
 */
export async function uploadStatic(
  place: { region: string; bucket: string },
  folder: string,
): Promise<string[]> {
  const found = await readdir(folder, { withFileTypes: true, recursive: true });
  const keys = found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort((one, other) => Number(isHashed(other)) - Number(isHashed(one)));
  // Of an emulator that has no host for each bucket, too.
  const s3 = new S3Client({
    region: place.region,
    forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined,
  });
  try {
    for (const key of keys)
      await s3.send(
        new PutObjectCommand({
          Bucket: place.bucket,
          Key: key,
          Body: await readFile(join(folder, key)),
          ContentType: 'text/javascript; charset=utf-8',
          CacheControl: isHashed(key) ? HASHED_FRESHNESS : LOADER_FRESHNESS,
        }),
      );
  } finally {
    s3.destroy();
  }
  return keys;
}
