/** Which workspace the page is about: its id, for whatever on it changes something. */
import { createContext, useContext } from 'react';

export const WorkspaceContext = createContext('default');

export const useWorkspace = (): string => useContext(WorkspaceContext);
