import { expect, test } from 'vitest';
import { makeProgram } from '../../src/cli/program.ts';

const all = await makeProgram();

test.each(all.commands.map((command) => command.name()))(
  '%s is loaded alone, with all that it has among the others',
  async (noun) => {
    const [own, ...others] = (await makeProgram(noun)).commands;
    expect(others).toEqual([]);
    const found = all.commands.find((command) => command.name() === noun);
    expect(own?.helpInformation()).toBe(found?.helpInformation());
  },
);

test.each(['nothing', 'constructor'])('%s is no noun: all of them are there', async (word) => {
  expect((await makeProgram(word)).commands).toHaveLength(all.commands.length);
});
