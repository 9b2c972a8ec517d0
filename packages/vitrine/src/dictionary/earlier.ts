/** Reads an earlier dictionary from a file, which another version of the tool or somebody else may have written. */
import { VitrineError } from '../base/errors.ts'
import {
  DICTIONARY_FORMAT,
  DICTIONARY_SCHEMA,
  DICTIONARY_VERSION,
  type Dictionary,
  placeThatDiffers,
} from './schema.ts'

/** Throws DICTIONARY_INVALID, DICTIONARY_NEWER or DICTIONARY_OTHER_PUBLICATION; `file` names the file in them. */
export function earlierDictionary(text: string, file: string, publication: string): Dictionary {
  const invalid = (detail: string) => new VitrineError('DICTIONARY_INVALID', { place: file, detail })
  let value: unknown
  try {
    // Some shells write a byte order mark first.
    value = JSON.parse(text.replace(/^\ufeff/, ''))
  } catch {
    throw invalid('It is not JSON.')
  }
  const { format, version } = (value ?? {}) as { readonly format?: unknown; readonly version?: unknown } // sound because both may be anything.
  if (format !== DICTIONARY_FORMAT) throw invalid(`Its field "format" is not "${DICTIONARY_FORMAT}".`)
  if (typeof version === 'number' && Number.isInteger(version) && version > DICTIONARY_VERSION) {
    const detail = `It has version ${version}, and this tool reads up to ${DICTIONARY_VERSION}.`
    throw new VitrineError('DICTIONARY_NEWER', { place: file, detail })
  }
  const place = placeThatDiffers(DICTIONARY_SCHEMA, value)
  if (place !== null) throw invalid(`It is not what a dictionary is at ${place}.`)
  const dictionary = value as Dictionary // sound because it is what the schema says.
  if (dictionary.publication !== publication) {
    throw new VitrineError('DICTIONARY_OTHER_PUBLICATION', {
      place: file,
      detail: `The publication here is ${publication}.`,
    })
  }
  return dictionary
}
