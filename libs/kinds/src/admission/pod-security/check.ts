import type { Subject } from './subject.js';

/** One control of the Pod Security Standards. */
export interface Check {
  /** Kubernetes' id of it: the order in which controls are told. */
  readonly id: string;
  readonly level: 'baseline' | 'restricted';
  /** Since which minor version. */
  readonly since: number;
  /** The baseline control that this one takes the place of. */
  readonly replaces?: string;
  test(subject: Subject, minor: number): Violation | undefined;
}
export interface Violation {
  /** `host namespaces` */
  readonly control: string;
  /** `hostNetwork=true` */
  readonly detail: string;
}
