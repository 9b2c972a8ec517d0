// The public API: start, adopt and stop real PostgreSQL servers from binaries shipped in npm packages.
export { serverHome } from './account.ts'
export type { ServerVersion } from './binaries.ts'
export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './error.ts'
export type { ServerOptions } from './options.ts'
export type { StopMode } from './postmaster.ts'
export { type EmbeddedServer, startServer, stopServerIn } from './server.ts'
