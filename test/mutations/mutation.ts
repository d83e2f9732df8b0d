/** What a mutation is: patches to the shipped source, and the one test that has to notice them. */

export interface Patch {
  /** From the root of the project. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

export interface NamedTest {
  readonly file: string;
  /** In full: what it is described under, then its own name. */
  readonly name: string;
  /** It builds on those before it in its file: all of these are run. */
  readonly isBehindOthers?: boolean;
}

export interface Mutation {
  readonly name: string;
  readonly patches: readonly Patch[];
  readonly breaks: NamedTest;
}

export const isIntegration = ({ file }: NamedTest): boolean => /\.(int|long)\.test\.ts$/.test(file);

export const testKey = ({ file, name }: NamedTest): string => `${file} > ${name}`;

/** The usual one, of a single patch. */
export const mutation = (
  name: string,
  breaks: NamedTest,
  file: string,
  find: string,
  replace: string,
): Mutation => ({ name, patches: [{ file, find, replace }], breaks });

/** The tests of a file, by their names behind what they are described under. */
export const testsIn =
  (file: string, describedAs: string) =>
  (name: string): NamedTest => ({ file, name: `${describedAs} ${name}` });

/** The same where each builds on those before it. */
export const testsInOrder =
  (file: string, describedAs: string) =>
  (name: string): NamedTest => ({ ...testsIn(file, describedAs)(name), isBehindOthers: true });
