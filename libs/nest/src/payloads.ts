import { COMMANDS_TOGETHER_MAX, type CommandsMessage } from '#engine';
import type {
  Command,
  CommandOptions,
  Heartbeat,
  Digests,
  IncidentReport,
  JoinRequest,
  KubeObject,
  LoopBasis,
  MetricQuestion,
  NodeMetricsQuestion,
  NodeReport,
  PatchType,
  PodMetricsQuestion,
  PodReport,
  RegisterRequest,
  RequestOrigin,
  SyncRequest,
  TokenForPod,
  UnloggedQuestion,
  UsageHistoryQuestion,
  UserInfo,
} from '#model';
import type { Json, JsonObject } from '#std';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from './validation.js';

/** Payloads of the bus, checked when they arrive. Their promises are in `#model` (command, node-protocol). */

const NAME_MAX = 253;
const BOOT_MAX = 64;
const TIME_MAX = 64;
const METRIC_MAX = 1024;
const JOIN_REQUEST_MAX = 16 * 1024;
/** The year 9999. */
const TIME_MS_MAX = 253_402_300_799_000;
const SELECTOR_MAX = 64 * 1024;

export class CommandPayload implements Command {
  @IsIn(['create', 'update', 'patch', 'delete']) readonly verb!: Command['verb'];
  @IsString() @IsNotEmpty() readonly kind!: string;
  @IsString() @IsNotEmpty() readonly apiVersion!: string;
  @IsOptional() @IsString() readonly namespace?: string;
  @IsString() readonly name!: string;
  @IsOptional() @IsString() readonly subresource?: string;
  readonly body?: Json;
  @IsOptional() @IsIn(['json', 'merge', 'strategic', 'apply']) readonly patchType?: PatchType;
  @IsObject() readonly options!: CommandOptions;
  @IsObject() readonly actor!: UserInfo;
  @IsOptional() @IsObject() readonly impersonator?: UserInfo;
  @IsString() readonly via!: string;
  @IsOptional() @IsObject() readonly request?: RequestOrigin;
  @IsOptional() @IsString() readonly because?: string;
  @IsOptional() @IsArray() readonly causes?: readonly number[];
  @IsOptional() @IsInt() readonly causeCount?: number;
  @IsOptional() @IsObject() readonly basis?: LoopBasis;
  @IsOptional() @IsArray() readonly basedOn?: readonly { readonly stream: string; readonly revision: number }[];
  @IsOptional() @IsString() readonly uid?: string;
  @IsString() readonly correlationId!: string;
  @IsOptional() @IsString() readonly traceparent?: string;
  @IsOptional() @IsObject() readonly event?: { readonly type: string; readonly facts?: JsonObject };
}

export class CommandsPayload implements CommandsMessage {
  static readonly lists = { commands: CommandPayload };
  @IsArray()
  @ArrayMaxSize(COMMANDS_TOGETHER_MAX)
  @ValidateNested({ each: true })
  readonly commands!: readonly CommandPayload[];
  @IsOptional() @IsInt() readonly term?: number;
}

export class RegisterPayload implements RegisterRequest {
  @IsString() @IsNotEmpty() @MaxLength(BOOT_MAX) readonly boot!: string;
  @IsObject() readonly node!: KubeObject;
}

export class SyncPayload implements SyncRequest {
  @IsString() @IsNotEmpty() @MaxLength(NAME_MAX) readonly node!: string;
  @IsString() @IsNotEmpty() @MaxLength(BOOT_MAX) readonly boot!: string;
  @IsOptional() @IsObject() readonly held?: Digests;
}

export class PodReportPayload implements PodReport {
  @IsString() @IsNotEmpty() @MaxLength(BOOT_MAX) readonly boot!: string;
  @IsInt() @Min(0) readonly sequence!: number;
  @IsString() @IsNotEmpty() @MaxLength(NAME_MAX) readonly namespace!: string;
  @IsString() @IsNotEmpty() @MaxLength(NAME_MAX) readonly name!: string;
  @IsString() @IsNotEmpty() @MaxLength(NAME_MAX) readonly uid!: string;
  @IsObject() readonly status!: JsonObject;
  @IsOptional() @IsBoolean() readonly finished?: boolean;
  @IsOptional() @IsInt() @Min(1) readonly assigned?: number;
  @IsOptional() @IsObject() readonly event?: { readonly type: string; readonly facts?: JsonObject };
}

export class NodeReportPayload implements NodeReport {
  @IsString() @IsNotEmpty() @MaxLength(BOOT_MAX) readonly boot!: string;
  @IsInt() @Min(0) readonly sequence!: number;
  @IsObject() readonly status!: JsonObject;
}

export class IncidentPayload implements IncidentReport {
  @IsObject() readonly object!: IncidentReport['object'];
  @IsIn(['Normal', 'Warning']) readonly type!: IncidentReport['type'];
  @IsString() @IsNotEmpty() @MaxLength(NAME_MAX) readonly reason!: string;
  @IsString() readonly message!: string;
  @IsOptional() @IsBoolean() readonly isCombined?: boolean;
  @IsInt() @Min(1) readonly count!: number;
  @IsString() @MaxLength(TIME_MAX) readonly first!: string;
  @IsString() @MaxLength(TIME_MAX) readonly last!: string;
}

export class TokenPayload implements TokenForPod {
  @IsString() @IsNotEmpty() @MaxLength(NAME_MAX) readonly namespace!: string;
  @IsString() @IsNotEmpty() @MaxLength(NAME_MAX) readonly pod!: string;
  @IsString() @IsNotEmpty() @MaxLength(NAME_MAX) readonly podUid!: string;
  @IsString() readonly audience!: string;
  @IsInt() @Min(1) readonly expirationSeconds!: number;
}

export class HeartbeatPayload implements Heartbeat {
  @IsString() @IsNotEmpty() @MaxLength(NAME_MAX) readonly node!: string;
  @IsString() @IsNotEmpty() @MaxLength(BOOT_MAX) readonly boot!: string;
  @IsInt() @Min(0) readonly sequence!: number;
  @IsOptional() @IsInt() @Min(1) readonly everyMs?: number;
}

export class UnloggedQuestionPayload implements UnloggedQuestion {
  @IsOptional() @IsInt() readonly after?: number;
  @IsOptional() @IsInt() @Min(0) readonly waitMs?: number;
}

/** A question for a figure; what it is about decides which of its parts it has. */
export class MetricQuestionPayload {
  @IsIn(['pod', 'object', 'external']) readonly of!: 'pod' | 'object' | 'external';
  @IsString() @IsNotEmpty() @MaxLength(METRIC_MAX) readonly metric!: string;
  @IsString() @IsNotEmpty() @MaxLength(NAME_MAX) readonly namespace!: string;
  @IsOptional() @IsString() @MaxLength(SELECTOR_MAX) readonly selector?: string;
  @IsString() @MaxLength(SELECTOR_MAX) readonly metricSelector!: string;
  @IsOptional() @IsObject() readonly object?: Extract<MetricQuestion, { readonly of: 'object' }>['object'];

  /** The question with the parts that its kind has. */
  static question({
    of,
    metric,
    namespace,
    selector = '',
    metricSelector,
    object,
  }: MetricQuestionPayload): MetricQuestion {
    const shared = { metric, namespace, metricSelector };
    if (of === 'pod') return { of, ...shared, selector };
    if (of === 'external') return { of, ...shared };
    const { apiVersion = '', kind = '', name = '' } = object ?? {};
    return { of, ...shared, object: { apiVersion: String(apiVersion), kind: String(kind), name: String(name) } };
  }
}

export class PodMetricsPayload implements PodMetricsQuestion {
  @IsOptional() @IsString() @MaxLength(NAME_MAX) readonly namespace?: string;
  @IsOptional() @IsString() @MaxLength(NAME_MAX) readonly name?: string;
}

export class NodeMetricsPayload implements NodeMetricsQuestion {
  @IsOptional() @IsString() @MaxLength(NAME_MAX) readonly name?: string;
}

export class UsageHistoryPayload implements UsageHistoryQuestion {
  @IsIn(['pods', 'nodes']) readonly of!: UsageHistoryQuestion['of'];
  @IsOptional() @IsString() @MaxLength(NAME_MAX) readonly namespace?: string;
  @IsInt() @Min(0) readonly sinceMs!: number;
  @IsOptional() @IsIn([1000, 15_000]) readonly everyMs?: number;
}

export class JoinPayload implements JoinRequest {
  @IsString() @IsNotEmpty() @MaxLength(NAME_MAX) readonly node!: string;
  @IsString() @IsNotEmpty() @MaxLength(JOIN_REQUEST_MAX) readonly request!: string;
  @IsInt() @Min(0) @Max(TIME_MS_MAX) readonly now!: number;
}

/** An agent asks for its credential to be renewed, with a key that it made. */
export class CredentialPayload {
  @IsString() @IsNotEmpty() readonly publicKey!: string;
}
