// A thread that reads one manifest for read-manifest.ts, then ends.
import { parentPort, workerData } from 'node:worker_threads';
import { WindlassError, type ErrorInfo } from '../../domain/index.ts';
import type { KubeObject } from './api/kube-types.ts';
import { parseManifest } from './manifest.ts';

export type ManifestAnswer = { readonly objects: readonly KubeObject[] } | { readonly error: ErrorInfo };

parentPort?.postMessage(read(workerData as string));

function read(text: string): ManifestAnswer {
  try {
    return { objects: parseManifest(text) };
  } catch (error) {
    if (WindlassError.isInstance(error)) return { error: error.toInfo() };
    throw error;
  }
}
