def diagnosed(session): raise NotImplementedError
