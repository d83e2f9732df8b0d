/**
 * A claimed partition of ticks, as stream and sink both keep it: control state, the log's clock and
 * a state of each instrument, all of them from the last checkpoint on and in the next one.
 */
import {
  initialControlState,
  type ClockControl,
  type ControlState,
} from '../../src/domain/control.ts';
import { ClaimedTask, type Claim, type StageDeps } from '../../src/stream/claimed-task.ts';
import type { VerifyControl } from '../../src/stream/decode.ts';
import type { FailPoints } from '../../src/stream/fail-point.ts';
import { InstrumentStates } from '../../src/stream/instrument-states.ts';
import type { CheckpointWrite, LogRecord } from '../../src/stream/stage.ts';
import { decodeState, encodeState } from '../../src/stream/state-codec.ts';
import { initialCounts } from './ingest.ts';
import { LogClock, reportClock } from './log-clock.ts';

export interface TickDeps extends StageDeps {
  readonly latenessUs: number;
  readonly verifyControl: VerifyControl;
  /** Called with every clock that comes by. */
  readonly clockSeen: (clock: ClockControl) => void;
  readonly failPoints: FailPoints;
}

export abstract class TickTask<
  Deps extends TickDeps,
  State,
  Control extends ControlState = ControlState,
> extends ClaimedTask<Deps> {
  protected readonly control: Control;
  protected readonly clock: LogClock;
  protected readonly instruments: InstrumentStates<State>;
  /** Of the records in hand; counted at their end, because a metric is no matter for every tick. */
  protected readonly counts = initialCounts();
  /** Passed by records whose effects are acknowledged, and that no checkpoint holds yet. */
  protected abstract readonly failPoint: string;

  constructor(deps: Deps, claim: Claim) {
    super(deps, claim);
    const { partitionState, instrumentStates } = claim;
    const control = partitionState === null ? initialControlState() : decodeState(partitionState);
    this.control = control as Control;
    this.clock = new LogClock(this.control, deps.verifyControl);
    reportClock(this.control, deps.clockSeen);
    this.instruments = new InstrumentStates(
      () => this.initial(),
      deps.latenessUs,
      instrumentStates,
    );
  }

  /** The state of an instrument that is new. */
  protected abstract initial(): State;

  lookAhead(records: readonly LogRecord[]): boolean {
    return this.clock.lookAhead(records);
  }

  protected state(): Pick<CheckpointWrite, 'partitionState' | 'instrumentStates'> {
    return {
      partitionState: encodeState(this.control),
      instrumentStates: this.instruments.changed(),
    };
  }

  protected saved(): void {
    this.instruments.saved();
    this.deps.failPoints.committed(this.failPoint);
  }
}
