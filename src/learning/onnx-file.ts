/**
 * The bytes of an ONNX model -> its graph, as far as it has to be known before a native runtime may
 * open it: which operators it uses, on what, and where its numbers lie.
 *
 * ONNX is one protobuf message. The numbers of its fields are those of `onnx.proto`.
 */

/** The part of a tensor that says where its numbers lie. */
export interface OnnxTensor {
  readonly name: string;
  /** Its numbers are in another file. */
  readonly isExternal: boolean;
}

export interface OnnxAttribute {
  readonly name: string;
  readonly ints: readonly number[];
  readonly strings: readonly string[];
  /** How many numbers it has that are no integers. */
  readonly floats: number;
  readonly tensors: readonly OnnxTensor[];
  /** It holds a graph of its own, as loops and branches do. */
  readonly hasGraph: boolean;
}

export interface OnnxNode {
  /** With its domain where that is not the usual one: `ai.onnx.ml.Scaler`. */
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly OnnxAttribute[];
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly string[];
  /** Parts that are not understood here, by name. */
  readonly others: readonly string[];
}

interface Field {
  readonly number: number;
  /** A varint; 0 where the field holds bytes. */
  readonly value: number;
  /** None where the field is a number. */
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array(0);
const TEXT = new TextDecoder();

class Broken extends Error {
  constructor() {
    super('the file is cut short, or no ONNX model');
    this.name = 'Broken';
  }
}

/** A varint as a number: exact up to 2^53, and signed as ONNX has its integers. */
function varintAt(bytes: Uint8Array, at: number): [value: number, next: number] {
  const first = bytes[at];
  if (first !== undefined && first < 0x80) return [first, at + 1];
  let low = 0n;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) throw new Broken();
    low |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return [Number(BigInt.asIntN(64, low)), at + i + 1];
  }
  throw new Broken();
}

const FIXED_BYTES: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

function* readFields(bytes: Uint8Array): Generator<Field> {
  for (let at = 0; at < bytes.length;) {
    const [key, start] = varintAt(bytes, at);
    const [number, kind] = [Math.floor(key / 8), key & 7];
    if (kind === 0) {
      const [value, next] = varintAt(bytes, start);
      yield { number, value, bytes: NOTHING };
      at = next;
      continue;
    }
    const fixed = FIXED_BYTES[kind];
    if (kind !== 2 && fixed === undefined) throw new Broken();
    const [length, from] = fixed === undefined ? varintAt(bytes, start) : [fixed, start];
    const end = from + length;
    if (!(length >= 0) || end > bytes.length) throw new Broken();
    yield { number, value: 0, bytes: bytes.subarray(from, end) };
    at = end;
  }
}

const decodeText = ({ bytes }: Field): string => TEXT.decode(bytes);

/** Integers come one by one, or packed. */
function readInts({ bytes, value }: Field): number[] {
  if (bytes.length === 0) return [value];
  const ints: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const [int, next] = varintAt(bytes, at);
    ints.push(int);
    at = next;
  }
  return ints;
}

/** Throws an error in words where the bytes are no model. */
export function readOnnx(bytes: Uint8Array): OnnxGraph {
  const others: string[] = [];
  const graphs: Uint8Array[] = [];
  for (const field of readFields(bytes)) {
    if (field.number === 7) graphs.push(field.bytes);
    if (field.number === 20) others.push('training information');
    if (field.number === 25) others.push('functions of its own');
  }
  const [graph] = graphs;
  if (graph === undefined || graphs.length > 1) throw new Broken();
  return readGraph(graph, others);
}

function readGraph(bytes: Uint8Array, others: string[]): OnnxGraph {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const inputs: string[] = [];
  for (const field of readFields(bytes)) {
    if (field.number === 1) nodes.push(readNode(field.bytes));
    if (field.number === 5) initializers.push(readTensor(field.bytes));
    if (field.number === 11) inputs.push(firstText(field.bytes));
    if (field.number === 15) others.push('sparse numbers');
  }
  return { nodes, initializers, inputs, others };
}

function firstText(bytes: Uint8Array): string {
  for (const field of readFields(bytes)) if (field.number === 1) return decodeText(field);
  return '';
}

function readNode(bytes: Uint8Array): OnnxNode {
  const [inputs, outputs]: [string[], string[]] = [[], []];
  const attributes: OnnxAttribute[] = [];
  let [type, domain] = ['', ''];
  for (const field of readFields(bytes)) {
    if (field.number === 1) inputs.push(decodeText(field));
    if (field.number === 2) outputs.push(decodeText(field));
    if (field.number === 4) type = decodeText(field);
    if (field.number === 5) attributes.push(readAttribute(field.bytes));
    if (field.number === 7) domain = decodeText(field);
  }
  const isUsual = domain === '' || domain === 'ai.onnx';
  return { operator: isUsual ? type : `${domain}.${type}`, inputs, outputs, attributes };
}

function readAttribute(bytes: Uint8Array): OnnxAttribute {
  let [name, floats, hasGraph] = ['', 0, false];
  const [ints, strings, tensors]: [number[], string[], OnnxTensor[]] = [[], [], []];
  for (const field of readFields(bytes)) {
    if (field.number === 1) name = decodeText(field);
    if (field.number === 3 || field.number === 8) for (const int of readInts(field)) ints.push(int);
    if (field.number === 9) strings.push(decodeText(field));
    if (field.number === 7) floats += field.bytes.length / 4;
    if (field.number === 5 || field.number === 10) tensors.push(readTensor(field.bytes));
    if (field.number === 6 || field.number === 11) hasGraph = true;
    if (field.number === 22 || field.number === 23) tensors.push({ name, isExternal: true });
  }
  return { name, ints, strings, floats, tensors, hasGraph };
}

function readTensor(bytes: Uint8Array): OnnxTensor {
  let [name, isExternal] = ['', false];
  for (const field of readFields(bytes)) {
    if (field.number === 8) name = decodeText(field);
    if (field.number === 13) isExternal = true;
    if (field.number === 14 && field.value !== 0) isExternal = true;
  }
  return { name, isExternal };
}
