/** The folder of the compiled code of the clone at `root`; made where it is not there yet. */
export function compiled(root: string): Promise<string>;
