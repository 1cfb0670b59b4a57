"""S3 on this computer: moto's implementation over real HTTP, with faults that a test can inject.

moto keeps its buckets in global state, so all `S3Mock`s of one process share them: one a process.
"""

from classroom.s3.mock import S3Mock
from classroom.s3.records import DUMMY_ACCESS_KEY, REGION, S3Effect, S3Fault, S3Request, StoredObject

__all__ = ["DUMMY_ACCESS_KEY", "REGION", "S3Effect", "S3Fault", "S3Mock", "S3Request", "StoredObject"]
