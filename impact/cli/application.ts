/** L’adresse où Impact écrit dans la base opérationnelle : avec le rôle de l’application, si la publication la lit avec un autre. */
import type { Call, Settings } from 'vitrine/cli'
import type { Address } from 'vitrine/run'

export type ApplicationSettings = Pick<Settings, 'sourceAdmin'> & { readonly source: Address }

export const APPLICATION = { source: 'required', sourceAdmin: 'optional' } as const

export const applicationOf = ({ source, sourceAdmin }: ApplicationSettings): Address => sourceAdmin ?? source

/** Throws what the settings throw. */
export const applicationAddress = (call: Call): Address => applicationOf(call.settings(APPLICATION))
