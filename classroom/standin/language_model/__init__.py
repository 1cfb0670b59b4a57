"""A language model that learners can look into: word pieces counted in this course's own words, and the dice on top.

It knows which piece follows which two others, as counted in some fifteen thousand words; it knows nothing of what they mean.
"""
