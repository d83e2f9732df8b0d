/**
 * Integration tests share their servers, so what ran before is part of what is tested: they run in
 * the order of their paths, on a fresh clone as on one whose last results are remembered. Those of
 * the whole flow come last: every jobs process behind them would look after their markets too.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

export class IntegrationOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const shared = files.filter(({ project }) => project.name === 'integration');
    const others = files.filter(({ project }) => project.name !== 'integration');
    shared.sort(
      (a, b) => Number(isFlowTest(a)) - Number(isFlowTest(b)) || (a.moduleId < b.moduleId ? -1 : 1),
    );
    return [...(await super.sort(others)), ...shared];
  }
}

const isFlowTest = ({ moduleId }: TestSpecification): boolean => moduleId.includes('/test/flow/');
