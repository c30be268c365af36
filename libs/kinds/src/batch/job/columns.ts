import { parseInstant, type Instant } from '#std';
import { ageColumn, column, humanDuration, nameColumn } from '../../columns.js';
import { templateColumns } from '../columns.js';
import { finishedCondition, hasJobCondition } from './conditions.js';
import type { Job } from './schema.js';

export const jobColumns = [
  nameColumn,
  column<Job>('Status', 'How far the job is, in one word', statusWord),
  column<Job>('Completions', 'Pods that succeeded, of those that must', completionsText),
  column<Job>('Duration', 'Time from the start to the completion, or until now', durationText),
  ageColumn,
  ...templateColumns<Job>(({ spec }) => spec),
];

function statusWord({ metadata, status }: Job): string {
  const finished = finishedCondition(status);
  if (finished) return finished.type;
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  for (const type of ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'] as const) {
    if (hasJobCondition(status, type)) return type;
  }
  return 'Running';
}

function completionsText({ spec, status }: Job): string {
  const { completions, parallelism = 0 } = spec;
  const succeeded = status?.succeeded ?? 0;
  if (completions !== undefined) return `${succeeded}/${completions}`;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText({ status }: Job, now: Instant): string {
  const from = parseInstant(status?.startTime);
  if (from === undefined) return '';
  return humanDuration((parseInstant(status?.completionTime) ?? now) - from);
}
