/**
 * Compressed record sets -> their bytes, for every codec that Kafka knows: producers choose theirs.
 *
 * kafkajs brings gzip alone. The others are registered with it too, for what our own decoder leaves
 * to it (transactions), and LZ4 for our producers.
 */
import { createRequire } from 'node:module';
import * as zlib from 'node:zlib';
import * as lz4 from 'lz4-napi';
import * as snappy from 'snappy';

/** The number by which a record batch names its codec. */
export const CODECS = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

/** Throws where the bytes are not what the codec says. */
export function decompressed(codec: number, bytes: Buffer): Buffer {
  switch (codec) {
    case CODECS.gzip:
      return zlib.gunzipSync(bytes);
    case CODECS.snappy:
      return unsnapped(bytes);
    case CODECS.lz4:
      return lz4.decompressFrameSync(bytes);
    case CODECS.zstd:
      return unzstd(bytes);
    default:
      throw new Error(`Kafka knows no codec ${codec}`);
  }
}

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const XERIAL_HEADER_BYTES = 16;

/** Java's producers send blocks, each with its length before it; others one block and no more. */
function unsnapped(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return block(bytes);
  const blocks: Buffer[] = [];
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length;) {
    const from = at + 4;
    at = from + bytes.readInt32BE(at);
    blocks.push(block(bytes.subarray(from, at)));
  }
  return Buffer.concat(blocks);
}

const block = (bytes: Buffer): Buffer => snappy.uncompressSync(bytes, { asBuffer: true }) as Buffer;

type Unzstd = (bytes: Uint8Array) => Uint8Array;

/** Node has it since 22.15; before, one in JavaScript that is loaded when it is needed. */
let loadedUnzstd: Unzstd | null = null;

function unzstd(bytes: Buffer): Buffer {
  loadedUnzstd ??=
    (zlib as { readonly zstdDecompressSync?: Unzstd }).zstdDecompressSync ??
    (createRequire(import.meta.url)('fzstd') as { readonly decompress: Unzstd }).decompress;
  const made = loadedUnzstd(bytes);
  return Buffer.from(made.buffer, made.byteOffset, made.length);
}

/** As kafkajs wants a codec. */
interface KafkajsCodec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

/** The codecs that kafkajs lacks, by their numbers. */
export const kafkajsCodecs = (): ReadonlyMap<number, () => KafkajsCodec> =>
  new Map([
    [CODECS.snappy, () => makeCodec(CODECS.snappy, (bytes) => snappy.compressSync(bytes))],
    [CODECS.lz4, () => makeCodec(CODECS.lz4, (bytes) => lz4.compressFrameSync(bytes))],
    [CODECS.zstd, () => makeCodec(CODECS.zstd, noWriter)],
  ]);

const makeCodec = (codec: number, compress: (bytes: Buffer) => Buffer): KafkajsCodec => ({
  compress: ({ buffer }) => Promise.resolve(compress(buffer)),
  decompress: (bytes) => Promise.resolve(decompressed(codec, bytes)),
});

function noWriter(): never {
  throw new Error('zstd is read and not written here: lz4 costs less');
}
