/** All mutations, those that a second tells first. */
import { CLOCK_MUTATIONS } from './clock-mutations.ts';
import { REPORTS_MUTATIONS } from './reports-mutations.ts';
import { DECISION_MUTATIONS } from './decision-mutations.ts';
import { FILE_MUTATIONS } from './file-mutations.ts';
import { IMPORT_MUTATIONS } from './import-mutations.ts';
import { JOB_MUTATIONS } from './job-mutations.ts';
import { HTTP_MUTATIONS } from './http-mutations.ts';
import { IMPORTER_MUTATIONS } from './importer-mutations.ts';
import { DOOR_MUTATIONS } from './door-mutations.ts';
import { LEARNING_MUTATIONS } from './learning-mutations.ts';
import { LOG_MUTATIONS } from './log-mutations.ts';
import { MODEL_MUTATIONS } from './model-mutations.ts';
import { MONITORING_MUTATIONS } from './monitoring-mutations.ts';
import type { Mutation } from './mutation.ts';
import { PAGE_MUTATIONS } from './page-mutations.ts';
import { RECORD_MUTATIONS } from './record-mutations.ts';
import { STORAGE_MUTATIONS } from './storage-mutations.ts';
import { TICK_MUTATIONS } from './tick-mutations.ts';

export const MUTATIONS: readonly Mutation[] = [
  ...TICK_MUTATIONS,
  ...CLOCK_MUTATIONS,
  ...IMPORTER_MUTATIONS,
  ...DECISION_MUTATIONS,
  ...LEARNING_MUTATIONS,
  ...MODEL_MUTATIONS,
  ...MONITORING_MUTATIONS,
  ...REPORTS_MUTATIONS,
  ...JOB_MUTATIONS,
  ...STORAGE_MUTATIONS,
  ...LOG_MUTATIONS,
  ...DOOR_MUTATIONS,
  ...RECORD_MUTATIONS,
  ...FILE_MUTATIONS,
  ...HTTP_MUTATIONS,
  ...IMPORT_MUTATIONS,
  ...PAGE_MUTATIONS,
];
