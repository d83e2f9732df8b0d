/** A file that somebody names -> its bytes, where it is a file and not larger than it may be. */
import { open, stat } from 'node:fs/promises';

/**
 * Throws an error that says what `path` is instead. A pipe or a device is no file: reading one may
 * never end.
 */
export async function readOutsideFile(path: string, mostBytes: number): Promise<Uint8Array> {
  await checkOutsideFile(path, mostBytes);
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.min(size, mostBytes));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The same checks, before anything opens it: opening a pipe waits for a writer. */
export async function checkOutsideFile(path: string, mostBytes: number): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Error(`there is no file "${path}"`) : error;
  });
  if (!found.isFile()) throw new Error(`"${path}" is no file`);
  if (found.size <= mostBytes) return;
  throw new Error(`"${path}" has ${found.size} bytes; up to ${mostBytes} are taken`);
}
