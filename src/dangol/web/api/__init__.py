"""The admin API: secret keys, problem documents, one file per part."""
