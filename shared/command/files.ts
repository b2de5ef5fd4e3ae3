import { access, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Modes of files: only the owner reads it, or everyone does. */
export const PRIVATE = 0o600;
export const PUBLIC = 0o644;
/** The mode of a folder that only its owner looks into. */
export const PRIVATE_FOLDER = 0o700;

/** Whether something is at a path. */
export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * Write a file whole or not at all: it is written aside, synced, and renamed. Whoever opens it finds what was there before or what
 * is there now, however this process or the machine ends. Folders that are missing are made.
 * @param mode that of the file afterwards, whatever the umask and whatever it was
 */
export async function writeWhole(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const folder = dirname(path);
  const aside = `${path}.new`;
  await mkdir(folder, { recursive: true, mode: 0o755 });
  // What a killed writer left there may have another mode.
  await rm(aside, { force: true });
  const file = await open(aside, 'wx', mode);
  try {
    await file.chmod(mode);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(aside, path);
  await syncFolder(folder);
}

/** A name is on disk once its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const opened = await open(folder, 'r');
  await opened.sync().finally(() => opened.close());
}
