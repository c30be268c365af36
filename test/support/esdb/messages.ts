import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import statusPb from '@eventstore/db-client/generated/status_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  ReadResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import type { StreamIdentifier, UUID } from '@eventstore/db-client/generated/shared_pb.js';
import type { AppendOutcome, Expected, ProposedEvent, RecordedEvent } from './store.js';

/** Between the store's plain values and the messages of the published protocol. */

export function streamName(identifier: StreamIdentifier | undefined): string {
  return Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');
}

export function uuidText(uuid: UUID | undefined): string {
  const structured = uuid?.getStructured();
  if (structured === undefined) return uuid?.getString() ?? '';
  const bytes = Buffer.alloc(16);
  bytes.writeBigInt64BE(BigInt(structured.getMostSignificantBits()), 0);
  bytes.writeBigInt64BE(BigInt(structured.getLeastSignificantBits()), 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function expectedOf(options: AppendReq.Options | undefined): Expected {
  if (options?.hasRevision()) return Number(options.getRevision());
  if (options?.hasNoStream()) return 'no_stream';
  return options?.hasStreamExists() ? 'stream_exists' : 'any';
}

export function batchExpectedOf(options: BatchAppendReq.Options | undefined): Expected {
  if (options?.hasStreamPosition()) return Number(options.getStreamPosition());
  if (options?.hasNoStream()) return 'no_stream';
  return options?.hasStreamExists() ? 'stream_exists' : 'any';
}

export function proposedOf(message: AppendReq.ProposedMessage | BatchAppendReq.ProposedMessage): ProposedEvent {
  const map = message.getMetadataMap();
  return {
    id: uuidText(message.getId()),
    type: map.get('type') ?? '',
    contentType: map.get('content-type') ?? 'application/octet-stream',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

export function eventMessage(event: RecordedEvent): ReadResp {
  const recorded = new streamsPb.ReadResp.ReadEvent.RecordedEvent();
  recorded.setId(new sharedPb.UUID().setString(event.id));
  recorded.setStreamIdentifier(new sharedPb.StreamIdentifier().setStreamName(Buffer.from(event.stream)));
  recorded.setStreamRevision(String(event.revision));
  recorded.setPreparePosition(String(event.position));
  recorded.setCommitPosition(String(event.position));
  recorded.setData(event.data);
  recorded.setCustomMetadata(event.metadata);
  const map = recorded.getMetadataMap();
  map.set('type', event.type);
  map.set('content-type', event.contentType);
  map.set('created', event.created);
  const read = new streamsPb.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(String(event.position));
  return new streamsPb.ReadResp().setEvent(read);
}

export function checkpointMessage(position: number): ReadResp {
  const checkpoint = new streamsPb.ReadResp.Checkpoint();
  checkpoint.setCommitPosition(String(position));
  checkpoint.setPreparePosition(String(position));
  return new streamsPb.ReadResp().setCheckpoint(checkpoint);
}

export function confirmationMessage(): ReadResp {
  return new streamsPb.ReadResp().setConfirmation(
    new streamsPb.ReadResp.SubscriptionConfirmation().setSubscriptionId(crypto.randomUUID()),
  );
}

export function caughtUpMessage(): ReadResp {
  return new streamsPb.ReadResp().setCaughtUp(new streamsPb.ReadResp.CaughtUp());
}

export function notFoundMessage(stream: string): ReadResp {
  const identifier = new sharedPb.StreamIdentifier().setStreamName(Buffer.from(stream));
  return new streamsPb.ReadResp().setStreamNotFound(
    new streamsPb.ReadResp.StreamNotFound().setStreamIdentifier(identifier),
  );
}

/** The answer of `Append`: a wrong version is an answer there, everything else an error. */
export function appendAnswer(outcome: AppendOutcome, stream: string, expected: Expected): AppendResp | ServiceError {
  switch (outcome.is) {
    case 'appended': {
      const position = new streamsPb.AppendResp.Position();
      position.setCommitPosition(String(outcome.position));
      position.setPreparePosition(String(outcome.position));
      const success = new streamsPb.AppendResp.Success()
        .setCurrentRevision(String(outcome.revision))
        .setPosition(position);
      return new streamsPb.AppendResp().setSuccess(success);
    }
    case 'wrong-version': {
      const wrong = new streamsPb.AppendResp.WrongExpectedVersion();
      if (outcome.current >= 0) wrong.setCurrentRevision(String(outcome.current));
      else wrong.setCurrentNoStream(new sharedPb.Empty());
      if (typeof expected === 'number') wrong.setExpectedRevision(String(expected));
      else if (expected === 'no_stream') wrong.setExpectedNoStream(new sharedPb.Empty());
      else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new sharedPb.Empty());
      else wrong.setExpectedAny(new sharedPb.Empty());
      return new streamsPb.AppendResp().setWrongExpectedVersion(wrong);
    }
    case 'too-large':
      return failure(
        status.INVALID_ARGUMENT,
        'maximum-append-size-exceeded',
        `Maximum Append Size of ${outcome.bytesMax} Exceeded.`,
        {
          'maximum-append-size': String(outcome.bytesMax),
        },
      );
    case 'deleted':
      return deletedFailure(stream);
  }
}

/** The answer of `BatchAppend`: every failure is a status with details, and the call goes on. */
export function batchAnswer(
  outcome: AppendOutcome,
  request: { readonly correlationId: UUID; readonly stream: string; readonly expected: Expected },
): BatchAppendResp {
  const answer = new streamsPb.BatchAppendResp().setCorrelationId(request.correlationId);
  answer.setStreamIdentifier(new sharedPb.StreamIdentifier().setStreamName(Buffer.from(request.stream)));
  if (typeof request.expected === 'number') answer.setStreamPosition(String(request.expected));
  switch (outcome.is) {
    case 'appended': {
      const position = new sharedPb.AllStreamPosition();
      position.setCommitPosition(String(outcome.position));
      position.setPreparePosition(String(outcome.position));
      return answer.setSuccess(
        new streamsPb.BatchAppendResp.Success().setCurrentRevision(String(outcome.revision)).setPosition(position),
      );
    }
    case 'wrong-version': {
      const wrong = new sharedPb.WrongExpectedVersion();
      if (outcome.current >= 0) wrong.setCurrentStreamRevision(String(outcome.current));
      else wrong.setCurrentNoStream(new sharedPb.Empty());
      if (typeof request.expected === 'number') wrong.setExpectedStreamPosition(String(request.expected));
      else if (request.expected === 'no_stream') wrong.setExpectedNoStream(new sharedPb.Empty());
      else if (request.expected === 'stream_exists') wrong.setExpectedStreamExists(new sharedPb.Empty());
      else wrong.setExpectedAny(new sharedPb.Empty());
      return answer.setError(
        statusOf(status.FAILED_PRECONDITION, 'Wrong expected version', 'WrongExpectedVersion', wrong.serializeBinary()),
      );
    }
    case 'too-large': {
      const details = new sharedPb.MaximumAppendSizeExceeded().setMaxappendsize(outcome.bytesMax);
      const message = `Maximum Append Size of ${outcome.bytesMax} Exceeded.`;
      return answer.setError(
        statusOf(status.INVALID_ARGUMENT, message, 'MaximumAppendSizeExceeded', details.serializeBinary()),
      );
    }
    case 'deleted': {
      const details = new sharedPb.StreamDeleted().setStreamIdentifier(
        new sharedPb.StreamIdentifier().setStreamName(Buffer.from(request.stream)),
      );
      return answer.setError(
        statusOf(status.FAILED_PRECONDITION, 'Stream deleted', 'StreamDeleted', details.serializeBinary()),
      );
    }
  }
}

export function deletedFailure(stream: string): ServiceError {
  return failure(status.FAILED_PRECONDITION, 'stream-deleted', `Event stream '${stream}' is deleted.`, {
    'stream-name': stream,
  });
}

function failure(
  code: status,
  exception: string,
  message: string,
  more: Readonly<Record<string, string>>,
): ServiceError {
  const metadata = new Metadata();
  metadata.set('exception', exception);
  for (const [key, value] of Object.entries(more)) metadata.set(key, value);
  return Object.assign(new Error(message), { code, details: message, metadata });
}

function statusOf(
  code: number,
  message: string,
  type: string,
  details: Uint8Array,
): InstanceType<typeof statusPb.Status> {
  const any = new anyPb.Any();
  any.pack(details, `event_store.client.${type}`);
  return new statusPb.Status().setCode(code).setMessage(message).setDetails(any);
}
