"""What others' libraries send, as calls in the Segment shape. Pure: values in, values out."""
